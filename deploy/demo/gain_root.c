// gain_root PROGRAM [ARGUMENT…]: installed setuid root, becomes root for good and runs a program, as su does. Prints who it
// was.
#include <stdio.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  printf("gain_root: uid %u euid %u\n", getuid(), geteuid());
  fflush(stdout);
  if (setgid(0) != 0 || setuid(0) != 0) {
    perror("gain_root: setuid");
    return 1;
  }
  execv(argv[1], argv + 1);
  perror("gain_root: exec");
  return 1;
}
