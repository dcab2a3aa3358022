// Package page is the sandbox workspace's web page: a team chat in the browser, with channels, threads, Block Kit, modals
// and App Home, in which one acts as any person of the demo company. It is static: HTML, a style sheet and JavaScript
// modules, embedded, without a build step and without anything from another host, so it works offline.
//
// What comes in is the sandbox's JSON under /app/ (as the person named in ?as=) and its server-sent events; what goes out
// is what a person does: posts, presses, shortcuts, views. Where one is lives in the URL's fragment, so a link or
// a screenshot shows the same thing again:
//
//	#/c/CHANNEL?as=USER            a channel or direct message
//	#/c/CHANNEL/t/TS?as=USER       with a thread open
//	#/app/home?as=USER             the app's home; #/app/messages its direct messages
//
// Browser tests may rely on these handles: messages are [data-ts], blocks [data-block][data-block-id], interactive
// elements [data-action-id] (aria-busy while the app has not acknowledged), the modal dialog.modal[data-view-id] with
// .modal-submit, the composers textarea#compose-main and textarea#compose-thread, sidebar rows [data-channel], the person
// switcher #switcher with entries [data-person], .message.ephemeral, .home, .status-line and .prompt.
//
// No text of a message can become markup: the scripts build nodes and never assign HTML, which the content security
// policy enforces (require-trusted-types-for), as it does that only the page's own scripts run.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed web
var embedded embed.FS

// policy lets the page load only what the sandbox itself serves. Blobs are the previews of files.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// types are given here and not by the machine's MIME table: a wrong one would stop the modules from loading.
var types = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

type asset struct {
	body []byte
	kind string
	etag string
}

// Handler serves the page: / is index.html, its scripts, style and icon lie beside it. Everything else is not found.
// Responses may be kept by the browser but are asked for again (ETag), so a new binary never meets an old script.
func Handler() http.Handler {
	assets := map[string]asset{}
	root, err := fs.Sub(embedded, "web")
	if err == nil {
		err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			body, err := fs.ReadFile(root, name)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(body)
			assets["/"+name] = asset{body, types[path.Ext(name)], `"` + hex.EncodeToString(sum[:8]) + `"`}
			return nil
		})
	}
	assets["/"] = assets["/index.html"]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if err != nil {
			http.Error(w, "the embedded page cannot be read: "+err.Error(), http.StatusInternalServerError)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "the page is only read: use GET", http.StatusMethodNotAllowed)
			return
		}
		a, ok := assets[r.URL.Path]
		if !ok {
			http.Error(w, "no such page: "+strings.ToValidUTF8(r.URL.Path, "?")+"; the workspace is at /", http.StatusNotFound)
			return
		}
		h.Set("Content-Type", a.kind)
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", a.etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
	})
}
