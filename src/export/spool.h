/* spool.h - files on their way to a destination, on the server's disk: made at the speed of the event
 * store, so that a destination that is slow holds up neither it nor the memory. They have no names, so
 * that nothing of them is left when the server is killed. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct spool_file {
    int fd; /* of them all: there may be thousands */
    int64_t at; /* where it begins in there, at a page */
    int64_t bytes, rows;
    char sha256[65]; /* hex, of its bytes */
};

enum spool_codec { SPOOL_PLAIN, SPOOL_GZIP, SPOOL_BROTLI };

struct spool;

/* max: bytes after which a file ends and the next begins, which happens behind a piece; 0: never. */
struct spool *spool_new(const char *dir, enum spool_codec codec, int64_t max);
/* Closes the files, which ends them. NULL is allowed. */
void spool_free(struct spool *s);
/* Appends to the last file; rows: how many of them the piece ends. ERR_UNAVAILABLE: the disk. */
int spool_add(struct spool *s, str piece, int64_t rows, struct err *e);
/* Ends the last file, even below max; what is added afterwards begins another. */
int spool_cut(struct spool *s, struct err *e);
/* The files so far; the last is whole after spool_cut only. They live as long as the spool. */
const struct spool_file *spool_files(const struct spool *s, size_t *n);
/* Of the file that is being written: bytes so far. 0: none is. */
int64_t spool_written(const struct spool *s);
void spool_set_rows(struct spool *s, size_t file, int64_t rows);

/* The file's bytes from `from`, mapped. Unmap with spool_unmap. ERR_UNAVAILABLE. */
int spool_map(const struct spool_file *f, int64_t from, int64_t n, str *out, struct err *e);
void spool_unmap(str mapped);
/* What is mapped is not read again: it need not stay in memory. */
void spool_passed(str part);
