/* Closing what was inherited (DESIGN.md, One run in order). */
#ifndef SHIM_DESCRIPTORS_H
#define SHIM_DESCRIPTORS_H

/*
 * Closes every descriptor from first up: an init that keeps them keeps sockets and pipes open
 * that the app has closed. Where neither close_range(2) nor /proc is to be had, those above the
 * kernel's usual limit stay open, if that was raised. Allocates nothing.
 */
void descriptors_close_from(unsigned first);

#endif
