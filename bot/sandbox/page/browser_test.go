package page_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// shots is a folder for pictures of the page, to be looked at by people; empty takes none.
var shots = flag.String("shots", "", "folder for screenshots of the page")

// patience is a guard against hanging for ever, not a bound that a test is about.
const patience = 4 * time.Minute

// tab is a page of a headless Chromium that remembers what its console said.
type tab struct {
	t   *testing.T
	ctx context.Context

	count  atomic.Int64
	mu     sync.Mutex
	said   *sync.Cond
	errors []string        // warnings, errors and exceptions of the console
	marks  map[string]bool // what else it said
}

var (
	browserOnce sync.Once
	browser     context.Context
	browserErr  error
	endBrowser  = func() {}
)

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	endBrowser()
	os.Exit(code)
}

func findChromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	return ""
}

// open opens a tab at an address, in a window of that size.
func open(t *testing.T, width, height int, url string) *tab {
	t.Helper()
	found := findChromium()
	if found == "" {
		t.Skip("no Chromium on this machine: the page is not tried in a browser")
	}
	browserOnce.Do(func() {
		opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(found), chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.Flag("disable-background-networking", true), chromedp.WSURLReadTimeout(patience))
		ctx, end := chromedp.NewExecAllocator(context.Background(), opts...)
		browser, endBrowser = chromedp.NewContext(ctx)
		browserErr = chromedp.Do(browser)
		last := endBrowser
		endBrowser = func() { last(); end() }
	})
	if browserErr != nil {
		t.Fatalf("Chromium does not start: %v", browserErr)
	}
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, marks: map[string]bool{}}
	b.said = sync.NewCond(&b.mu)
	said := chromedp.Console(ctx)
	go func() {
		for m, err := range said {
			if err != nil {
				return
			}
			b.mu.Lock()
			switch m.Type {
			case chromedp.ConsoleWarning, chromedp.ConsoleError, chromedp.ConsoleException:
				b.errors = append(b.errors, m.Text+" "+m.URL)
			default:
				b.marks[m.Text] = true
			}
			b.said.Broadcast()
			b.mu.Unlock()
		}
	}()
	b.do("open "+url, chromedp.EmulateViewport(int64(width), int64(height)), chromedp.Navigate(url))
	return b
}

func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// value evaluates an expression, or awaits a promise, and reads what it gives.
func value[T any](b *tab, js string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", js, err)
	}
	return v
}

func (b *tab) is(js string) bool { b.t.Helper(); return value[bool](b, "!!("+js+")") }

// until waits for a condition of the page: it is looked at again whenever the page changes.
func (b *tab) until(what, js string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf(`new Promise((done) => {
		const look = () => { if (%s) { watch.disconnect(); clearInterval(timer); done(true); } };
		const watch = new MutationObserver(look), timer = setInterval(look, 200);
		watch.observe(document.documentElement, {subtree: true, childList: true, attributes: true, characterData: true});
		look();
	})`, js), chromedp.EvalAwaitPromise))
	if err != nil {
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
		b.t.Fatalf("waited for %s: %v; console: %q; the page says:\n%s", what, err, b.console(), text)
	}
}

// got waits for what the page has sent.
func got[T any](b *tab, what string, from <-chan T) T {
	b.t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText + [...document.querySelectorAll('input, textarea')].map((e) => '\n' + e.dataset.blockId + ' = ' + e.value).join('')`))
		b.t.Fatalf("waited for %s; console: %q; the page says:\n%s", what, b.console(), text)
		panic("not reached")
	}
}

// console gives what was complained of since the last call. A mark of our own tells that everything before it has arrived.
func (b *tab) console() []string {
	mark := fmt.Sprintf("mark %p %d", b, b.count.Add(1))
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("console.log("+quote(mark)+"), true")); err != nil {
		return []string{err.Error()}
	}
	stop := context.AfterFunc(b.ctx, b.said.Broadcast)
	defer stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.marks[mark] && b.ctx.Err() == nil {
		b.said.Wait()
	}
	out := b.errors
	b.errors = nil
	return out
}

func (b *tab) quiet() {
	b.t.Helper()
	if said := b.console(); len(said) > 0 {
		b.t.Errorf("the console says: %q", said)
	}
}

func has(selector string) string { return fmt.Sprintf("!!document.querySelector(%s)", quote(selector)) }

func inside(selector, text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%s)].some((e) => e.innerText.includes(%s))`, quote(selector), quote(text))
}

func quote(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// click presses the last visible element of a selector, as a mouse does.
func (b *tab) click(selector string) {
	b.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll(%s)].filter((e) => e.getClientRects().length).at(-1)`, quote(selector))
	b.until(selector, "!!("+find+")")
	b.is(fmt.Sprintf(`(() => { const e = %s; e.scrollIntoView({block: 'center'}); e.click(); return true; })()`, find))
}

func (b *tab) typeInto(selector, text string) {
	b.t.Helper()
	b.until(selector, has(selector))
	b.do("focus "+selector, chromedp.Focus(chromedp.CSS(selector)))
	b.do("type into "+selector, chromedp.KeyEvent(text))
}

func (b *tab) dark(on bool) {
	scheme := "light"
	if on {
		scheme = "dark"
	}
	b.do("prefer "+scheme, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	}))
}

// shot keeps a picture where pictures are wanted.
func (b *tab) shot(name string) {
	b.t.Helper()
	if *shots == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(*shots, name+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Errorf("screenshot %s: %v", name, err)
	}
}
