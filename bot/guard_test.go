package bot

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestGuarded(t *testing.T) {
	if err := guarded(func() error { return nil }); err != nil {
		t.Error(err)
	}
	plain := errors.New("no")
	if err := guarded(func() error { return plain }); err != plain {
		t.Error(err)
	}
	var list []int
	err := guarded(func() error { _ = list[len(list)]; return nil })
	if !errors.Is(err, errPanicked) || !strings.Contains(err.Error(), "index out of range") {
		t.Error(err)
	}
	err = guarded(func() error { panic(fmt.Sprintf("cannot read %q", "why did zebrafish change?")) })
	p, ok := errors.AsType[*panicked](err)
	if !ok || strings.Contains(p.says+p.stack, "zebrafish") || !strings.Contains(p.stack, "TestGuarded") {
		t.Errorf("%v %+v", err, p)
	}
}
