package page_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"spendbot/bot/sandbox/page"
)

func get(t *testing.T, method, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	page.Handler().ServeHTTP(w, r)
	return w.Result()
}

func TestHandler(t *testing.T) {
	for _, tc := range []struct {
		method, path string
		status       int
		kind         string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8"},
		{"HEAD", "/", 200, "text/html; charset=utf-8"},
		{"GET", "/index.html", 200, "text/html; charset=utf-8"},
		{"GET", "/app.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/style.css", 200, "text/css; charset=utf-8"},
		{"GET", "/icon.svg", 200, "image/svg+xml"},
		{"GET", "/page.go", 404, ""},
		{"GET", "/../page.go", 404, ""},
		{"GET", "/web/index.html", 404, ""},
		{"GET", "//", 404, ""},
		{"GET", "/%ff%00", 404, ""},
		{"POST", "/", 405, ""},
		{"DELETE", "/app.js", 405, ""},
	} {
		t.Run(tc.method+" "+tc.path, func(t *testing.T) {
			resp := get(t, tc.method, tc.path)
			if resp.StatusCode != tc.status {
				t.Fatalf("status %d, want %d", resp.StatusCode, tc.status)
			}
			if tc.kind != "" && resp.Header.Get("Content-Type") != tc.kind {
				t.Errorf("Content-Type %q, want %q", resp.Header.Get("Content-Type"), tc.kind)
			}
			csp := resp.Header.Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'",
				"form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
				if !strings.Contains(csp, want) {
					t.Errorf("the policy lacks %s: %s", want, csp)
				}
			}
			if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") || strings.Contains(csp, "*") {
				t.Errorf("the policy is too wide: %s", csp)
			}
			if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("types may be sniffed")
			}
		})
	}
}

// TestAskedAgain: a browser that has a file asks whether it still stands, and is told so without the file.
func TestAskedAgain(t *testing.T) {
	tag := get(t, "GET", "/app.js").Header.Get("ETag")
	if tag == "" {
		t.Fatal("no ETag")
	}
	if resp := get(t, "GET", "/app.js", "If-None-Match", tag); resp.StatusCode != http.StatusNotModified {
		t.Errorf("status %d, want 304", resp.StatusCode)
	}
	if resp := get(t, "GET", "/app.js", "If-None-Match", `"other"`); resp.StatusCode != http.StatusOK {
		t.Errorf("status %d, want 200", resp.StatusCode)
	}
}

var (
	outside  = regexp.MustCompile(`(?i)(https?:)?//[a-z0-9-]+(\.[a-z0-9-]+)+`)
	imported = regexp.MustCompile(`(?m)^(?:import|export) [^;]*?from '([^']+)'`)
	named    = regexp.MustCompile(`(?:src|href)="([^"#]+)"`)
	markup   = regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc|createContextualFragment|setHTML`)
	inline   = regexp.MustCompile(`(?i)<script(?:\s[^>]*)?>[^<]|\son[a-z]+=|style="`)
)

// TestAssets: the page needs nothing from elsewhere, everything it names is embedded, and no script makes markup of text.
func TestAssets(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("web", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		seen++
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(raw), "http://www.w3.org/", "") // names of XML spaces, never loaded
		if m := outside.FindString(text); m != "" {
			t.Errorf("%s names another host: %s", name, m)
		}
		url := "/" + filepath.ToSlash(strings.TrimPrefix(name, "web"+string(filepath.Separator)))
		if resp := get(t, "GET", url); resp.StatusCode != 200 || resp.Header.Get("Content-Type") == "" {
			t.Errorf("%s is not served: %d %q", url, resp.StatusCode, resp.Header.Get("Content-Type"))
		}
		var refs [][]string
		switch filepath.Ext(name) {
		case ".js":
			refs = imported.FindAllStringSubmatch(text, -1)
			if m := markup.FindString(text); m != "" {
				t.Errorf("%s uses %s", name, m)
			}
		case ".html":
			refs = named.FindAllStringSubmatch(text, -1)
			if m := inline.FindString(text); m != "" {
				t.Errorf("%s has inline code or style, which the policy stops: %q", name, m)
			}
		case ".css":
			if strings.Contains(text, "@import") || strings.Contains(text, "url(") {
				t.Errorf("%s loads something", name)
			}
		}
		for _, m := range refs {
			if resp := get(t, "GET", "/"+strings.TrimPrefix(m[1], "./")); resp.StatusCode != 200 {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
		}
		return nil
	})
	if err != nil || seen < 10 {
		t.Fatalf("%d files, %v", seen, err)
	}
}
