/*
 * Apps that are not made with WebApplication.CreateBuilder(args) may read the same words otherwise.
 * Nobody can see from outside how an app is made: what would matter then is a warning. Pure.
 */
#ifndef SHIM_OTHERHOST_H
#define SHIM_OTHERHOST_H

#include "choice.h"

/* Of an argument over which CreateBuilder(args) fails, and an app that keeps args to itself not. */
void otherhost_warn_of_dash(char *const *program, struct messages *messages);

/* Of DOTNET_ variables before ASPNETCORE_ ones: the older generic host has the other order. */
void otherhost_warn_of_order(char *const *environment, char *const *program,
                             const struct choices *choices, struct messages *messages);

#endif
