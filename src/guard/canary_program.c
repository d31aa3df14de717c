// What the canary's child execs: a program that ends at once. Linked statically: the kernel's part of an exec is all that is
// wanted every 1.5 s, and a dynamic loader takes eight times as long.
int main(void) { return 0; }
