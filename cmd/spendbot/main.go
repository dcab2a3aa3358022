// Spendbot answers "why did spend change?" with numbers that add up to the cent and that anyone can trace and run again.
package main

import (
	"os"

	"spendbot/analysis/store"
)

func main() {
	if store.IsGuest(os.Args) {
		os.Exit(store.Guest(os.Stdin, os.Stdout))
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
