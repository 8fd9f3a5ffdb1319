/* The little of Zephyr's devicetree that generated code uses. */
#ifndef STUB_ZEPHYR_DEVICETREE_H_
#define STUB_ZEPHYR_DEVICETREE_H_

#define DT_CHOSEN(name) chosen_##name
#define DT_ALIAS(name) alias_##name

#endif
