/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The body of both programs of the ABI comparison: one "name value" line for each item of
 * layout.def, as the headers included before this one define it. An enum's members count as
 * constants. Fields print as offset:size; open arrays, which have no size, as PLACE: the offset.
 */
#include <stddef.h>
#include <stdio.h>

int main(void)
{
#define STRUCT(tag) printf("struct %s %zu\n", #tag, sizeof(struct tag));
#define UNION(tag) printf("union %s %zu\n", #tag, sizeof(union tag));
#define FIELD(tag, field)                                                                          \
	printf("%s.%s %zu:%zu\n", #tag, #field, offsetof(struct tag, field),                       \
	       sizeof(((struct tag *)0)->field));
#define UFIELD(tag, field)                                                                         \
	printf("%s.%s %zu:%zu\n", #tag, #field, offsetof(union tag, field),                        \
	       sizeof(((union tag *)0)->field));
#define PLACE(tag, field) printf("%s.%s %zu\n", #tag, #field, offsetof(struct tag, field));
#define CONST(name) printf("%s %lld\n", #name, (long long)(name));
#include "layout.def"
	return 0;
}
