/*
 * Plugin for QEMU that counts instructions: exactly, and the same number on every run.
 *
 *     -plugin counter.so,marks=FILE,counts=FILE
 *
 * Each line of the first file is an address in hexadecimal. Whenever the program comes to one of them, a line goes to
 * the second file: the number of the mark, and how many instructions were executed before. At the end the line
 * "total N" follows.
 *
 * The code of a program is translated in blocks, and each block is cut where a mark stands. A piece is counted when it
 * is entered: nothing but a fault, which ends the program, leaves it before its end.
 *
 * Few systems install qemu-plugin.h, so that what is used of it is declared here. All of it is the same in every version
 * of the interface; COUNTER_VERSION says which one the emulator wants to hear.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define MOST_MARKS 65536u

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(
    qemu_plugin_id_t id, void (*callback)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
    void (*callback)(unsigned int, void *), enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*callback)(qemu_plugin_id_t, void *), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);
EXPORT extern int qemu_plugin_version;
int qemu_plugin_version = COUNTER_VERSION;

/* Instructions that follow each other, executed all or none; mark is -1 where none stands at their beginning. */
typedef struct {
    long mark;
    uint64_t length;
} piece;

static uint64_t marks[MOST_MARKS];
static long mark_count;
static FILE *counts;
static uint64_t executed;

static long mark_at(uint64_t address) {
    long i;

    for (i = 0; i < mark_count; ++i) {
        if (marks[i] == address) {
            return i;
        }
    }
    return -1;
}

static void enter(unsigned int core, void *data) {
    const piece *entered = data;

    (void)core;
    if (entered->mark >= 0) {
        fprintf(counts, "%ld %" PRIu64 "\n", entered->mark, executed);
    }
    executed += entered->length;
}

/* Pieces are kept until the end: the emulator may run a block for as long. */
static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    const size_t length = qemu_plugin_tb_n_insns(block);
    piece *current = NULL;
    size_t i;

    (void)id;
    for (i = 0; i < length; ++i) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        const long mark = mark_at(qemu_plugin_insn_vaddr(instruction));

        if (i == 0 || mark >= 0) {
            current = malloc(sizeof(*current));
            if (current == NULL) {
                abort();
            }
            current->mark = mark;
            current->length = 0;
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, enter, QEMU_PLUGIN_CB_NO_REGS, current);
        }
        ++current->length;
    }
}

static void finish(qemu_plugin_id_t id, void *data) {
    (void)id;
    (void)data;
    fprintf(counts, "total %" PRIu64 "\n", executed);
    fclose(counts);
}

static bool read_marks(const char *name) {
    FILE *file = fopen(name, "r");

    if (file == NULL) {
        return false;
    }
    while (mark_count < (long)MOST_MARKS && fscanf(file, "%" SCNx64, &marks[mark_count]) == 1) {
        ++mark_count;
    }
    fclose(file);
    return true;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    bool has_marks = false;
    int i;

    (void)info;
    for (i = 0; i < argc; ++i) {
        if (strncmp(argv[i], "marks=", 6) == 0) {
            has_marks = read_marks(argv[i] + 6);
        } else if (strncmp(argv[i], "counts=", 7) == 0) {
            counts = fopen(argv[i] + 7, "w");
        }
    }
    if (!has_marks || counts == NULL) {
        fprintf(stderr, "counter: marks= and counts= name a file to read and one to write\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
