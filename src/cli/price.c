/* SPDX-License-Identifier: MIT */
/* price.c: see price.h. */
#include "cli/price.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "cli/bagfile.h"
#include "tote/option.h"

#define PRICE_MAX 1e9

/* As the tables fill it. */
struct given {
    double cpu_hour, gb_hour;
    char currency[TOTE_OPTION_TEXT_MAX];
};

static const struct tote_option table[] = {
    {.name = "cpu-hour",
     .type = TOTE_OPTION_DOUBLE,
     .offset = offsetof(struct given, cpu_hour),
     .max = PRICE_MAX,
     .help = "an hour of one core"},
    {.name = "gb-hour",
     .type = TOTE_OPTION_DOUBLE,
     .offset = offsetof(struct given, gb_hour),
     .max = PRICE_MAX,
     .help = "an hour of 10^9 bytes of memory"},
    {.name = "currency",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct given, currency),
     .help = "its name, as it is shown"},
};

#define N_TABLE (sizeof table / sizeof table[0])

/* A short word that neither a terminal nor a document minds. */
static bool is_currency(const char *text)
{
    size_t n = 0;
    for (; isalnum((unsigned char)text[n]); n++)
        continue;
    return text[n] == '\0' && n < TOTE_CURRENCY_MAX;
}

static int take(const struct given *given, const char *from, struct tote_price *price,
                struct tote_error *err)
{
    if (!is_currency(given->currency))
        return tote_error_set(err, -EINVAL,
                              "%s: a currency is a word of at most %d letters", from,
                              TOTE_CURRENCY_MAX - 1);
    if (!isnan(given->cpu_hour))
        price->cpu_hour = given->cpu_hour;
    if (!isnan(given->gb_hour))
        price->gb_hour = given->gb_hour;
    if (given->currency[0])
        memcpy(price->currency, given->currency, strlen(given->currency) + 1);
    return 0;
}

static int read_text(const char *text, struct tote_price *price, struct tote_error *err)
{
    struct given given;
    struct tote_error why = {0};
    int rc = tote_options_parse(table, N_TABLE, text, &given, &why);
    return rc < 0 ? tote_error_set(err, rc, "option --price: %s", why.text)
                  : take(&given, "option --price", price, err);
}

static int read_file(const char *file, struct tote_price *price, struct tote_error *err)
{
    static const struct tote_bagfile_keys keys = {.table = table, .n = N_TABLE};
    struct given given;
    int rc = tote_options_defaults(table, N_TABLE, &given, err);
    if (rc == 0)
        rc = tote_bagfile_load(file, &keys, &given, err);
    return rc < 0 ? rc : take(&given, file, price, err);
}

int tote_price_read(const char *text, const char *file, struct tote_price *ret_price,
                    bool *ret_has, struct tote_error *err)
{
    bool has_text = text && text[0], has_file = file && file[0];
    struct tote_price price = {.cpu_hour = NAN, .gb_hour = NAN};
    int rc = has_file ? read_file(file, &price, err) : 0;
    if (rc == 0 && has_text)
        rc = read_text(text, &price, err);
    if (rc < 0)
        return rc;
    *ret_has = has_text || has_file;
    if (*ret_has && isnan(price.cpu_hour) && isnan(price.gb_hour))
        return tote_error_set(err, -EINVAL,
                              "%s names no price; it takes cpu-hour=X and gb-hour=X",
                              has_text ? "option --price" : file);
    *ret_price = price;
    return 0;
}
