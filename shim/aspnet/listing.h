/* The list of addresses, once all are in it. Pure. */
#ifndef SHIM_LISTING_H
#define SHIM_LISTING_H

#include "aspnet/aspnet.h"

/*
 * Puts those of CreateBuilder's reading first, takes out what another reading has again, and what
 * nobody meant if that is refused; tells in messages, at info, of what another reading has besides.
 */
void listing_finish(struct listen *listen, struct messages *messages);

#endif
