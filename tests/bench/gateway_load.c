/*
 * Both ends of the gateway's benchmark, as cheap as they can be, so that what is measured is the
 * gateway: a model server that streams frames, and clients that read them.
 *
 *   gateway_load serve
 *     Writes its URL and ends with its input. An answer has as many frames as the request's options
 *     say, each sent by itself, as a server that flushes does.
 *   gateway_load ask PORT KEY CONNECTIONS REQUESTS FRAMES FRAME_BYTES
 *     Sends REQUESTS chats over each of CONNECTIONS and writes "SECONDS BYTES" of all the answers.
 *
 * HTTP as far as this needs it: one thread per connection, requests with a length or in chunks,
 * answers in chunks.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_BYTES = 16 * 1024, BUFFER_BYTES = 256 * 1024, MAX_FRAME_BYTES = 1024 * 1024 };

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/* A connection with what was read of it and not yet used. */
struct stream {
  int fd;
  size_t from, to;
  char *bytes;
};

static int fill(struct stream *in) {
  if (in->from > 0) memmove(in->bytes, in->bytes + in->from, in->to - in->from);
  in->to -= in->from;
  in->from = 0;
  if (in->to == BUFFER_BYTES) return -1;
  ssize_t count = read(in->fd, in->bytes + in->to, BUFFER_BYTES - in->to);
  if (count <= 0) return -1;
  in->to += (size_t)count;
  return 0;
}

/* Copies a line without its end into `line`; -1 where the connection ends. */
static int read_line(struct stream *in, char *line, size_t room) {
  for (;;) {
    char *start = in->bytes + in->from;
    char *end = memmem(start, in->to - in->from, "\r\n", 2);
    if (end != NULL) {
      size_t length = (size_t)(end - start);
      if (length >= room) length = room - 1;
      memcpy(line, start, length);
      line[length] = 0;
      in->from += (size_t)(end - start) + 2;
      return 0;
    }
    if (fill(in) < 0) return -1;
  }
}

/* Uses `count` bytes up, and keeps the first of them in `kept` as far as there is room. */
static int take(struct stream *in, size_t count, char *kept, size_t room) {
  size_t at = 0;
  while (count > 0) {
    if (in->from == in->to && fill(in) < 0) return -1;
    size_t part = in->to - in->from;
    if (part > count) part = count;
    for (size_t i = 0; i < part && at + 1 < room; i++) kept[at++] = in->bytes[in->from + i];
    in->from += part;
    count -= part;
  }
  if (room > 0) kept[at] = 0;
  return 0;
}

static int write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t count = send(fd, bytes, length, MSG_NOSIGNAL);
    if (count <= 0) return -1;
    bytes += count;
    length -= (size_t)count;
  }
  return 0;
}

/* Reads a head and its body; the size of the body, -1 at the end. The first line goes to `first`. */
static long read_message(struct stream *in, char *first, char *body, size_t room) {
  char line[HEAD_BYTES];
  long length = 0;
  int chunked = 0;
  if (read_line(in, first, HEAD_BYTES) < 0) return -1;
  for (;;) {
    if (read_line(in, line, sizeof line) < 0) return -1;
    if (line[0] == 0) break;
    if (strncasecmp(line, "content-length:", 15) == 0) length = atol(line + 15);
    if (strncasecmp(line, "transfer-encoding:", 18) == 0) chunked = 1;
  }
  if (!chunked) return take(in, (size_t)length, body, room) < 0 ? -1 : length;
  long total = 0;
  size_t kept = 0;
  for (;;) {
    if (read_line(in, line, sizeof line) < 0) return -1;
    size_t size = strtoul(line, NULL, 16);
    size_t left = room > kept ? room - kept : 0;
    if (take(in, size, body + kept, left) < 0) return -1;
    if (left > 0) kept += size < left - 1 ? size : left - 1;
    if (read_line(in, line, sizeof line) < 0) return -1;
    if (size == 0) return total;
    total += (long)size;
  }
}

static long option_of(const char *body, const char *name) {
  const char *at = strstr(body, name);
  return at == NULL ? 0 : atol(at + strlen(name));
}

static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n";
static const char LAST[] = "{\"done\":true,\"prompt_eval_count\":1,\"eval_count\":1}\n";

static size_t chunk_of(char *to, const char *text, size_t length) {
  int head = sprintf(to, "%zx\r\n", length);
  memcpy(to + head, text, length);
  memcpy(to + head + length, "\r\n", 2);
  return (size_t)head + length + 2;
}

static int answer(int fd, long frames, long frame_bytes) {
  char *frame = malloc((size_t)frame_bytes + 256);
  char *chunk = malloc((size_t)frame_bytes + 512);
  int head = sprintf(frame, "{\"model\":\"bench\",\"done\":false,\"message\":"
                            "{\"role\":\"assistant\",\"content\":\"");
  long filler = frame_bytes - head - 4;
  if (filler < 0) filler = 0;
  memset(frame + head, 'x', (size_t)filler);
  memcpy(frame + head + filler, "\"}}\n", 4);
  size_t length = chunk_of(chunk, frame, (size_t)(head + filler + 4));
  int result = write_all(fd, HEAD, sizeof HEAD - 1);
  for (long i = 0; i < frames && result == 0; i++) result = write_all(fd, chunk, length);
  size_t end = chunk_of(chunk, LAST, sizeof LAST - 1);
  memcpy(chunk + end, "0\r\n\r\n", 5);
  if (result == 0) result = write_all(fd, chunk, end + 5);
  free(frame);
  free(chunk);
  return result;
}

static void *serve_one(void *given) {
  struct stream in = {.fd = (int)(intptr_t)given, .bytes = malloc(BUFFER_BYTES)};
  char first[HEAD_BYTES], body[4096];
  int on = 1;
  setsockopt(in.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  while (read_message(&in, first, body, sizeof body) >= 0) {
    long bytes = option_of(body, "\"frameBytes\":");
    if (bytes > MAX_FRAME_BYTES || answer(in.fd, option_of(body, "\"frames\":"), bytes) < 0) break;
  }
  close(in.fd);
  free(in.bytes);
  return NULL;
}

static _Noreturn void *accept_all(void *given) {
  for (;;) {
    int fd = accept((int)(intptr_t)given, NULL, NULL);
    pthread_t thread;
    if (fd < 0) fail("accept");
    if (pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)fd) != 0) fail("thread");
    pthread_detach(thread);
  }
}

static void serve(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  pthread_t thread;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) < 0 || listen(fd, 512) < 0) fail("listen");
  getsockname(fd, (struct sockaddr *)&at, &size);
  printf("http://127.0.0.1:%d\n", ntohs(at.sin_port));
  fflush(stdout);
  if (pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)fd) != 0) fail("thread");
  char byte;
  while (read(0, &byte, 1) > 0) continue;
}

struct load {
  int port;
  long requests;
  char *request;
  size_t length;
  long bytes;
};

static void *ask_one(void *given) {
  struct load *load = given;
  struct sockaddr_in at = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)load->port),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct stream in = {.fd = socket(AF_INET, SOCK_STREAM, 0), .bytes = malloc(BUFFER_BYTES)};
  char first[HEAD_BYTES];
  int on = 1;
  if (in.fd < 0 || connect(in.fd, (struct sockaddr *)&at, sizeof at) < 0) fail("connect");
  setsockopt(in.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  for (long i = 0; i < load->requests; i++) {
    if (write_all(in.fd, load->request, load->length) < 0) fail("write");
    long bytes = read_message(&in, first, NULL, 0);
    if (bytes < 0 || strncmp(first, "HTTP/1.1 200", 12) != 0) {
      fprintf(stderr, "Refused: %s\n", bytes < 0 ? "the connection ended" : first);
      exit(1);
    }
    load->bytes += bytes;
  }
  close(in.fd);
  free(in.bytes);
  return NULL;
}

static void ask(char **given) {
  long connections = atol(given[2]);
  char body[512], request[2048];
  snprintf(body, sizeof body,
           "{\"model\":\"bench:latest\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}],"
           "\"options\":{\"frames\":%s,\"frameBytes\":%s}}",
           given[4], given[5]);
  int length = snprintf(request, sizeof request,
                        "POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n"
                        "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        given[0], given[1], strlen(body), body);
  struct load *loads = calloc((size_t)connections, sizeof *loads);
  pthread_t *threads = calloc((size_t)connections, sizeof *threads);
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  for (long i = 0; i < connections; i++) {
    loads[i] = (struct load){atoi(given[0]), atol(given[3]), request, (size_t)length, 0};
    if (pthread_create(&threads[i], NULL, ask_one, &loads[i]) != 0) fail("thread");
  }
  long bytes = 0;
  for (long i = 0; i < connections; i++) {
    pthread_join(threads[i], NULL);
    bytes += loads[i].bytes;
  }
  clock_gettime(CLOCK_MONOTONIC, &after);
  printf("%.6f %ld\n",
         (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9,
         bytes);
}

int main(int count, char **given) {
  if (count == 2 && strcmp(given[1], "serve") == 0) serve();
  else if (count == 8 && strcmp(given[1], "ask") == 0) ask(given + 2);
  else return 2;
  return 0;
}
