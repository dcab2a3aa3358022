package bot

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
)

// errPanicked is a mistake of ours that a question brought to light.
var errPanicked = errors.New("it brought its worker down")

// panicked is a panic as an error.
type panicked struct {
	says  string
	stack string
}

func (p *panicked) Error() string { return p.says }
func (p *panicked) Unwrap() error { return errPanicked }

// guarded runs f and makes an error of its panic. What it panicked with is said only where the runtime said it: anything else
// may quote what a person wrote, which no log may hold.
func guarded(f func() error) (err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		p := &panicked{says: fmt.Sprintf("panic with a %T", r), stack: string(debug.Stack())}
		if re, ok := r.(runtime.Error); ok {
			p.says = "panic: " + re.Error()
		}
		err = p
	}()
	return f()
}
