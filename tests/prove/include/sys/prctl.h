#ifndef PRCTL_H
#define PRCTL_H

#define PR_CAPBSET_READ 23

int prctl(int option, ...);

#endif
