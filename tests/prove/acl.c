/* Lists of up to four entries and a bit, for anybody. With: identity/acl.c identity/groups.c */
#include "identity/acl.h"
#include "any.h"

enum { MOST = 4 + 4 * 8 + 7 };
static char list[MOST];
static gid_t ids[3];

int main(void) {
    /*@ loop unroll MOST + 1; */
    for (size_t i = 0; i <= MOST; i++) {
        const struct group_list groups = {ids, 3};
        Frama_C_make_unknown(list, MOST);
        Frama_C_make_unknown((char *)ids, sizeof ids);
        (void)acl_lets_write((const uint8_t *)list + (MOST - i), i,
                             Frama_C_unsigned_int_interval(0, UINT32_MAX),
                             Frama_C_unsigned_int_interval(0, UINT32_MAX), &groups);
    }
    Frama_C_show_each_end();
    return 0;
}
