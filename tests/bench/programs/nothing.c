/* nothing: the bare payload. What a program costs that is started in front of it is measured over
 * what this costs alone. */
#include <unistd.h>

int main(void) {
    _exit(0);
}
