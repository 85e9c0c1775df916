/* SPDX-License-Identifier: MIT */
/* test_digest.c: digests against constants that xxhsum -H2 (package xxhash) printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"

static void assert_text(struct tote_digest digest, const char *expected)
{
    char text[TOTE_DIGEST_TEXT_MAX];
    tote_digest_format(&digest, text);
    assert_string_equal(text, expected);
}

static void known_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *digest;
    } cases[] = {
        {"", "99aa06d3014798d86001c324468d497f"},
        {"a", "a96faf705af16834e6c632b61e964e1f"},
        {"abc", "06b05ab6733a618578af5f94892f3950"},
        {"The quick brown fox jumps over the lazy dog",
         "ddd650205ca3e7fa24a1cc2e3a8a7651"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_text(tote_digest_of(cases[i].text, strlen(cases[i].text)),
                    cases[i].digest);
}

static void long_input(void **state)
{
    (void)state;
    unsigned char bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7 + 3);
    assert_text(tote_digest_of(bytes, sizeof bytes),
                "6bcc7eff62da44c26c4f14bd97bd9e82");
}

static void bag_hashes_task_digests_in_order(void **state)
{
    (void)state;
    struct tote_digest a = tote_digest_of("a", 1), abc = tote_digest_of("abc", 3),
                       empty = tote_digest_of("", 0);
    struct tote_bag_digest *bag = tote_bag_digest_create();
    assert_non_null(bag);
    assert_text(tote_bag_digest_get(bag), "99aa06d3014798d86001c324468d497f");
    tote_bag_digest_add(bag, &a);
    tote_bag_digest_add(bag, &abc);
    tote_bag_digest_get(bag); /* looking does not change it */
    tote_bag_digest_add(bag, &empty);
    assert_text(tote_bag_digest_get(bag), "3d8100dec752953e9007fbc0a3120078");
    tote_bag_digest_destroy(bag);
    tote_bag_digest_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_vectors),
        cmocka_unit_test(long_input),
        cmocka_unit_test(bag_hashes_task_digests_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
