/* SPDX-License-Identifier: MIT */
/* gate.c: see gate.h. */
#include "report/gate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tote/option.h"

#define PERCENT_MAX 1e6

const char *const tote_gate_results[] = {
    [TOTE_GATE_PASS] = "pass",
    [TOTE_GATE_INCONCLUSIVE] = "inconclusive",
    [TOTE_GATE_FAIL] = "fail",
};

/* --- reading --- */

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " ");
}

static int read_metric(const char *name, size_t n, struct tote_gate *gate,
                       struct tote_error *err)
{
    char word[TOTE_GATE_TEXT_MAX];
    memcpy(word, name, n);
    word[n] = '\0';
    for (int i = 0; i < TOTE_METRICS; i++) {
        if (strcmp(word, tote_metric_names[i]) == 0) {
            gate->metric = (enum tote_metric)i;
            return 0;
        }
    }
    const char *near = tote_option_suggest(word, tote_metric_names);
    if (near)
        return tote_error_set(err, -EINVAL,
                              "'%s' is not a figure that can be compared; did you mean "
                              "'%s'?",
                              word, near);
    return tote_error_set(err, -EINVAL,
                          "'%s' is not a figure that can be compared; there are "
                          "tasks_per_s, steady_tasks_per_s, wall_s, start_s, cpu_s and "
                          "peak_memory",
                          word);
}

/* "-5%", and nothing behind it. */
static int read_percent(const char *text, struct tote_gate *gate,
                        struct tote_error *err)
{
    char *end;
    bool has_digit = text[strspn(text, "+-")] >= '0' && text[strspn(text, "+-")] <= '9';
    bool is_plain = text[strspn(text, "+-.0123456789")] == '%';
    double percent = has_digit && is_plain ? strtod(text, &end) : NAN;
    if (!isfinite(percent) || *end != '%' || *skip_blanks(end + 1))
        return tote_error_set(err, -EINVAL,
                              "'%s': after '%c' comes a number and a '%%', as in -5%%",
                              gate->text, gate->is_above ? '>' : '<');
    if (fabs(percent) > PERCENT_MAX || percent <= -100)
        return tote_error_set(err, -EINVAL,
                              "'%s': no change is that large; a threshold is above "
                              "-100%% and at most %.0f%%",
                              gate->text, PERCENT_MAX);
    if (gate->is_above ? percent < 0 : percent > 0)
        return tote_error_set(err, -EINVAL,
                              "'%s' would fail without any change: after '<' the "
                              "threshold is 0%% or below, after '>' 0%% or above",
                              gate->text);
    gate->change = percent / 100;
    return 0;
}

int tote_gate_parse(const char *text, struct tote_gate *ret, struct tote_error *err)
{
    struct tote_gate gate = {0};
    const char *name = skip_blanks(text);
    size_t n = strcspn(name, " <>=");
    const char *sign = skip_blanks(name + n);
    if (strlen(text) >= sizeof gate.text)
        return tote_error_set(err, -EINVAL, "a condition has at most %zu letters",
                              sizeof gate.text - 1);
    memcpy(gate.text, text, strlen(text) + 1);
    if (n == 0 || (*sign != '<' && *sign != '>') || sign[1] == '=')
        return tote_error_set(err, -EINVAL,
                              "'%s' is not a condition: say METRIC < PERCENT%% or "
                              "METRIC > PERCENT%%, as in 'tasks_per_s < -5%%'",
                              text);
    gate.is_above = *sign == '>';
    int rc = read_metric(name, n, &gate, err);
    if (rc == 0)
        rc = read_percent(skip_blanks(sign + 1), &gate, err);
    if (rc == 0)
        *ret = gate;
    return rc;
}

/* --- judging --- */

enum tote_gate_result tote_gate_judge(const struct tote_gate *gate,
                                      const struct tote_diff_change *change)
{
    const struct tote_estimate *ratio = &change->ratio;
    double threshold = 1 + gate->change;
    if (!ratio->has_bounds)
        return TOTE_GATE_INCONCLUSIVE;
    if (gate->is_above ? ratio->high <= threshold : ratio->low >= threshold)
        return TOTE_GATE_PASS;
    bool is_beyond = gate->is_above ? ratio->low > threshold : ratio->high < threshold;
    return is_beyond && !change->lacks ? TOTE_GATE_FAIL : TOTE_GATE_INCONCLUSIVE;
}

enum tote_gate_result tote_gate_judge_pair(const struct tote_gate *gate,
                                           const struct tote_diff_pair *pair)
{
    if (!pair->before)
        return TOTE_GATE_PASS;
    return pair->why[0] ? TOTE_GATE_INCONCLUSIVE
                        : tote_gate_judge(gate, &pair->changes[gate->metric]);
}

enum tote_gate_result tote_gate_judge_all(const struct tote_gate *gate,
                                          const struct tote_diff *diff)
{
    enum tote_gate_result worst =
        diff->n_compared > 0 ? TOTE_GATE_PASS : TOTE_GATE_INCONCLUSIVE;
    for (size_t i = 0; i < diff->n_pairs; i++) {
        enum tote_gate_result one = tote_gate_judge_pair(gate, &diff->pairs[i]);
        worst = one > worst ? one : worst;
    }
    return worst;
}
