/* Memory that runs out: all unit tests are linked so that one allocation may fail. */
#ifndef MEMORY_H
#define MEMORY_H

/* How many allocations are made before one fails, and only that; negative: none does. */
extern long memory_before;
/* How many were made since it was set to 0. */
extern long memory_made;

#endif
