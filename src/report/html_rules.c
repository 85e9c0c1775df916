/* SPDX-License-Identifier: MIT */
/* html_rules.c: the checklist of the twelve rules (html.h, rules.h). */
#include "report/html.h"
#include "report/rules.h"

static void put_state(struct tote_page *page, enum tote_rule_state state)
{
    static const char *const classes[] = {"na", "pass", "fail"};
    fprintf(page->out, "<td><span class=\"state %s\">%s</span></td>", classes[state],
            tote_rule_state_name(state));
}

static void put_sum(struct tote_page *page, const struct tote_rule rules[TOTE_RULES])
{
    size_t n[3] = {0};
    for (size_t i = 0; i < TOTE_RULES; i++)
        n[rules[i].state]++;
    tote_html_say(page,
                  "%zu pass, %zu fail, %zu not applicable, by what the store "
                  "holds. ",
                  n[TOTE_RULE_PASS], n[TOTE_RULE_FAIL], n[TOTE_RULE_NOT_APPLICABLE]);
}

static int write(struct tote_page *page)
{
    static const char *const heads[] = {"rule", "state", "why"};
    struct tote_rule rules[TOTE_RULES];
    int rc = tote_rules_make(page->summary, rules);
    if (rc < 0)
        return rc;
    fputs("<p>", page->out);
    put_sum(page, rules);
    fputs("The rules: T. Hoefler and R. Belli, <cite>Scientific Benchmarking of "
          "Parallel Computing Systems</cite>, SC'15.</p>\n",
          page->out);
    tote_html_table(page, "The twelve rules", heads, 3);
    for (size_t i = 0; i < TOTE_RULES; i++) {
        char what[128];
        snprintf(what, sizeof what, "%zu. %s", i + 1, rules[i].what);
        tote_html_row(page, what);
        put_state(page, rules[i].state);
        tote_html_cell(page, rules[i].why);
        tote_html_end_row(page);
    }
    tote_html_end_table(page);
    tote_rules_finish(rules);
    return 0;
}

const struct tote_html_section tote_html_rules = {"rules", "Checklist", NULL, write,
                                                  false};
