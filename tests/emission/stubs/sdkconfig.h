/* What ESP-IDF makes of sdkconfig.defaults, as far as generated code reads it. */
#define CONFIG_ESP_MAIN_TASK_STACK_SIZE 8192
