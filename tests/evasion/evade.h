/*
 * The suite's actor: one program, one function for each row and one for its honest twin. It runs as the first process of a
 * container (contain.c) whose only program it is, under /bin/evade, and prints what it truly did, one JSON object:
 *   {"row":…,"pid":N}            N, as the container counts, is the process that an alert must name
 *   {"row":…,"cannot":REASON}    this kernel or machine does not let it happen: nothing was evaded (status 77)
 */
#ifndef HULLWATCH_EVADE_H
#define HULLWATCH_EVADE_H

#include "../actors/actor.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SELF "/bin/evade"

struct row {
	const char *name;
	void (*attack)(void);
	void (*twin)(void);
};

/* Each family's file ends its rows with an empty one. */
extern const struct row program_rows[], process_rows[], mount_rows[], container_rows[], privilege_rows[], socket_rows[],
    request_rows[], ring_rows[], monitor_rows[];

void tell(pid_t pid);
__attribute__((noreturn)) void cannot(const char *why);
/* The call was refused where it must not be, or missing: says what and why, and ends. */
long must(long result, const char *what);

pid_t forked(void (*act)(void)); /* a child that acts and ends; waited for; its pid */
int end_of(pid_t child);	 /* its exit status; 128 + the signal */

/* Acts that every provider's tier shows, for rows about *who* did it: a child that is its caller's sibling. */
void be_noticed(void);
void nothing(void);

/* Execs a program of ours in a child and tells its pid. Path and arguments as for execveat(2). */
void run_program(int dir, const char *path, char *const argv[], char *const envp[], int flags);
int open_self(void);
int copy_self(int to); /* this program's bytes; returns `to` */

/* Of sockets.c: the runner's "dockerd" and a program of no runtime. */
#define RUNTIME "/rt/docker.sock"
#define DECOY	"/rt/decoy/docker.sock"
int connected(const char *path);
int over_tcp(const char *variable); /* to the port that this variable of the environment names */
void answered(int fd);		    /* ends the request and tells, once the server has read it: it answers with one byte */
void ask(int fd);		    /* the same with a request that reads */

#endif
