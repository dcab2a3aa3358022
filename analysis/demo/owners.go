package demo

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
)

// Owners is the demo company's owners configuration: its teams, whom to tell, and the rules that say whose each charge is.
//
//go:embed owners.yaml
var Owners []byte

// OwnersFile is what it is called beside the bills.
const OwnersFile = "owners.yaml"

// WriteOwners writes [Owners] beside the bills.
func WriteOwners(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, OwnersFile), Owners, 0o644); err != nil {
		return fmt.Errorf("write the owners: %w", err)
	}
	return nil
}
