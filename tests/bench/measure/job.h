/* What is to be measured: programs, and what each is started with. */
#ifndef JOB_H
#define JOB_H

#include <stdint.h>
#include <sys/types.h>

/* One way to start one program, as PID 1 of a PID namespace of its own. */
struct job {
    char *name;
    uid_t user;      /* and group; 0: as we are */
    char *root;      /* its root folder, or NULL */
    int descriptors; /* how many it inherits, the first three included */
    char **words;    /* the program, by its path, and its arguments */
    char **environment;
};

struct jobs {
    struct job *list;
    size_t count;
};

/*
 * Reads jobs from stdin, a word of a job a line: "job NAME" begins one, then come "user UID",
 * "root FOLDER", "descriptors COUNT", "env NAME=VALUE" and "word ARGUMENT". Ends the program when
 * a line is none of these.
 */
struct jobs jobs_read(void);

/*
 * Starts it with stdout on out and stderr on /dev/null. *begin becomes the time of its execve(2).
 * Ends the program when there is no new process.
 */
pid_t job_start(const struct job *job, int out, uint64_t *begin);

/* Nanoseconds, of the clock that nobody sets. */
uint64_t read_clock(void);

#endif
