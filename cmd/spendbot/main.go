// Spendbot answers "why did spend change?" with numbers that add up to the cent and that anyone can trace and run again.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
