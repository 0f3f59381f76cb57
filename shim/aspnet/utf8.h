/* What .NET makes of bytes that need not be UTF-8. Pure. */
#ifndef SHIM_UTF8_H
#define SHIM_UTF8_H

#include "base/base.h"

/*
 * How many bytes the text has once .NET has read it and writes it back: each sequence that is not
 * UTF-8, as far as it goes, becomes one U+FFFD, of three bytes.
 */
size_t utf8_length_in_dotnet(struct text bytes);

#endif
