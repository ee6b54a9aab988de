// What `llama_cpp.py` calls in libllama, with the structs of llama.h behind plain arguments: compiled against the header
// of the very version that is measured, it cannot disagree with it about their layout.

#include <stdlib.h>

#include "llama.h"

struct driver {
    struct llama_model * model;
    struct llama_context * context;
    struct llama_batch batch;
};

static void ignore_log(enum ggml_log_level level, const char * text, void * data) {
    (void) level;
    (void) text;
    (void) data;
}

void driver_close(struct driver * driver) {
    if (driver->context) {
        llama_batch_free(driver->batch);
        llama_free(driver->context);
    }
    if (driver->model) {
        llama_model_free(driver->model);
    }
    free(driver);
}

// Each of `rows` sequences has its own cache of `row_length` tokens. NULL if the file is no model.
struct driver * driver_open(const char * path, int rows, int row_length, int threads) {
    llama_log_set(ignore_log, NULL);
    llama_backend_init();
    struct driver * driver = calloc(1, sizeof *driver);
    driver->model = llama_model_load_from_file(path, llama_model_default_params());
    if (driver->model) {
        struct llama_context_params params = llama_context_default_params();
        params.n_ctx = rows * row_length;
        params.n_seq_max = rows;
        params.n_threads = params.n_threads_batch = threads;
        driver->context = llama_init_from_model(driver->model, params);
    }
    if (!driver->context) {
        driver_close(driver);
        return NULL;
    }
    driver->batch = llama_batch_init(llama_n_batch(driver->context), 0, 1);
    return driver;
}

int driver_vocab_size(const struct driver * driver) {
    return llama_vocab_n_tokens(llama_model_get_vocab(driver->model));
}

// The most tokens that one call of `driver_decode` takes.
int driver_batch_size(const struct driver * driver) {
    return llama_n_batch(driver->context);
}

// Appends tokens to rows; `wanted` marks those whose logits are asked for. 0 on success.
int driver_decode(struct driver * driver, int n, const int * tokens, const int * positions, const int * rows,
                  const signed char * wanted) {
    struct llama_batch * batch = &driver->batch;
    batch->n_tokens = n;
    for (int i = 0; i < n; i++) {
        batch->token[i] = tokens[i];
        batch->pos[i] = positions[i];
        batch->n_seq_id[i] = 1;
        batch->seq_id[i][0] = rows[i];
        batch->logits[i] = wanted[i];
    }
    return llama_decode(driver->context, *batch);
}

// Logits behind token `i` of the last batch; valid until the next one.
const float * driver_logits(struct driver * driver, int i) {
    return llama_get_logits_ith(driver->context, i);
}

// Forgets the tokens of a row at positions [from, to); to = -1: all behind. 0 on success.
int driver_forget(struct driver * driver, int row, int from, int to) {
    return llama_memory_seq_rm(llama_get_memory(driver->context), row, from, to) ? 0 : 1;
}

// Moves the tokens of a row at positions [from, to) by `by` positions.
void driver_shift(struct driver * driver, int row, int from, int to, int by) {
    llama_memory_seq_add(llama_get_memory(driver->context), row, from, to, by);
}
