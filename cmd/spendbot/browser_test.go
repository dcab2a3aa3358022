package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"spendbot/bot/sandbox"
)

// tab is a page of a headless Chromium.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func openTab(t *testing.T, width, height int) *tab {
	t.Helper()
	found := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			found = p
			break
		}
	}
	if found == "" {
		t.Skip("no Chromium on this machine: the page is not tried in a browser")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(found), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.WSURLReadTimeout(patience), chromedp.WindowSize(width, height))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	tb := &tab{t, ctx}
	tb.do("open a page", chromedp.EmulateViewport(int64(width), int64(height)))
	return tb
}

func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// is evaluates a condition of the page.
func (b *tab) is(js string) bool {
	b.t.Helper()
	ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](js))
	if err != nil {
		b.t.Fatalf("%s: %v", js, err)
	}
	return ok
}

// until waits for a condition of the page; it looks again whenever the page changes, and every so often.
func (b *tab) until(what, js string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf(`new Promise((done) => {
		const look = () => { if (%s) { watch.disconnect(); clearInterval(timer); done(true); } };
		const watch = new MutationObserver(look), timer = setInterval(look, 250);
		watch.observe(document.documentElement, {subtree: true, childList: true, attributes: true, characterData: true});
		look();
	})`, js), chromedp.EvalAwaitPromise))
	if err != nil {
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
		b.t.Fatalf("waited for %s: %v; the page says:\n%s", what, err, text)
	}
}

// inside is an expression: the element of a selector holds a text.
func inside(selector, text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.innerText.includes(%q))`, selector, text)
}

// click presses the last visible button of that name inside an element, as somebody with a mouse or a screen reader finds it.
func (b *tab) click(within, name string) {
	b.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll(%q)].flatMap((e) => [...e.querySelectorAll('button, a, [role=button], [role=menuitem], [role=option]')]).filter(
		(e) => ((e.getAttribute('aria-label') || e.innerText || '').trim() === %q || e.innerText.trim() === %q) && e.offsetParent !== null).at(-1)`, within, name, name)
	b.until(fmt.Sprintf("a button %q", name), "!!("+find+")")
	if !b.is(fmt.Sprintf("(() => { const e = %s; e.scrollIntoView({block: 'center'}); e.click(); return true; })()", find)) {
		b.t.Fatalf("%q was not pressed", name)
	}
}

// write types into the composer of an element and sends it with Enter.
func (b *tab) write(within, text string) {
	b.t.Helper()
	box := within + " textarea"
	b.until("a composer", fmt.Sprintf("!!document.querySelector(%q)", box))
	b.do("type", chromedp.Focus(chromedp.CSS(box)))
	b.do("type", chromedp.SendKeys(chromedp.CSS(box), text))
	if !b.is(fmt.Sprintf(`(() => { document.querySelector(%q).dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true})); return true; })()`, box)) {
		b.t.Fatal("not sent")
	}
}

// TestBrowser uses the demo's page as a newcomer does: asks, opens the SQL, presses buttons, becomes somebody else.
func TestBrowser(t *testing.T) {
	t.Parallel()
	b := openTab(t, 1400, 950)
	r := newRig(t, rigOptions{}).start()
	b.do("open the workspace", chromedp.Navigate(r.url+"/#/c/"+sandbox.CloudCosts+"?as="+sandbox.Ana))
	b.until("the channel", inside("#main", "cloud-costs"))

	b.write("#main", "@Spendbot why did spend change last week?")
	b.until("the question", inside("#main .messages", "why did spend change last week?"))
	r.wait("the answer", func(s *sandbox.Snapshot) bool {
		list := s.Messages(sandbox.CloudCosts)
		return len(list) > 1 && strings.Contains(list[len(list)-1].Text+string(list[len(list)-1].Blocks), "$") || len(s.Files(sandbox.CloudCosts)) > 0
	})
	root := r.box.Messages(sandbox.CloudCosts)[0].TS
	b.do("open the thread", chromedp.Navigate(r.url+"/#/c/"+sandbox.CloudCosts+"/t/"+root+"?as="+sandbox.Ana))
	const thread = "aside"
	b.until("the answer", inside(thread, "Spend rose $12,8"))
	b.until("the chart", `[...document.querySelectorAll('aside img')].some((e) => e.naturalWidth > 500)`)

	b.click(thread, "Show the SQL")
	b.until("the SQL", inside("dialog", "SELECT"))
	if !b.is(inside("dialog", "--rerun")) {
		t.Error("the modal does not say how to run it again")
	}
	b.click("dialog", "Close")
	b.until("the modal to close", `!document.querySelector('dialog')`)

	b.click(thread, "By team")
	b.until("the cut", inside(thread, "payments: $"))
	b.write(thread, "@Spendbot and by region?")
	b.until("the follow-up", inside(thread, "us-east-1: $"))

	// Somebody with less sees the same conversation and gets their own part.
	b.do("become Ben", chromedp.Navigate(r.url+"/#/c/"+sandbox.CloudCosts+"?as="+sandbox.Ben))
	b.until("the page to be Ben's", inside("body", "Ben Okafor")+` && !document.body.innerText.includes("Ana Duarte (FinOps lead)")`)
	b.write("#main", "/spend top 5 services in October")
	b.until("what only Ben sees", inside("#main .messages", "within your scope"))
	b.do("Ben's home", chromedp.Navigate(r.url+"/#/app/home?as="+sandbox.Ben))
	b.until("Ben's home", inside("#main", "team payments"))

	// Nothing went wrong on the way that a person would not see.
	if broken := b.is(`document.body.innerText.includes('did not respond')`); broken {
		t.Error("the page says that the app did not respond")
	}
}

// TestBrowserPhone: the page is of use on a phone: nothing is cut off at the side.
func TestBrowserPhone(t *testing.T) {
	t.Parallel()
	b := openTab(t, 390, 844)
	r := newRig(t, rigOptions{}).start()
	ts := r.box.Post(sandbox.Ana, sandbox.CloudCosts, "", at("why did spend change last week?"))
	r.answer(sandbox.CloudCosts, ts, 1)
	b.do("open the thread", chromedp.Navigate(r.url+"/#/c/"+sandbox.CloudCosts+"/t/"+ts+"?as="+sandbox.Ana))
	b.until("the answer", inside("aside", "Spend rose $12,8"))
	if !b.is(`document.documentElement.scrollWidth <= window.innerWidth + 1`) {
		t.Error("the page is wider than the phone")
	}
}
