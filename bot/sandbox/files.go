package sandbox

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif" // sizes of uploaded pictures
	_ "image/jpeg"
	_ "image/png"
	"io"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxUpload bounds one uploaded file.
const maxUpload = 64 << 20

// file is an upload: announced, then filled, then shared.
type file struct {
	id, name, title, alt, snippet string
	mimetype                      string
	length                        int // as announced
	data                          []byte
	filled, done                  bool
	created                       time.Time
	width, height                 int
	shares                        []place // where a message carries it
	threads                       []string
}

// encodedChannel is what files.completeUploadExternal takes for a channel.
var encodedChannel = regexp.MustCompile(`^[CGDZ][A-Z0-9]{8,}$`)

var filesAPI = map[string]method{
	"files.getUploadURLExternal":   {scope: anyOf("files:write"), required: []string{"filename", "length"}, run: (*call).announceFile},
	"files.completeUploadExternal": {scope: anyOf("files:write"), required: []string{"files"}, run: (*call).completeFiles},
	"files.info":                   {scope: anyOf("files:read"), required: []string{"file"}, run: (*call).fileInfo},
}

func (c *call) announceFile() (reply, error) {
	n, err := strconv.Atoi(c.args["length"])
	if err != nil || n <= 0 {
		return nil, refuse("invalid_arguments", "[ERROR] must be greater than 0 [json-pointer:/length]")
	}
	if n > maxUpload {
		return nil, refuse("file_upload_size_restricted")
	}
	f := &file{id: c.id("F"), name: c.args["filename"], alt: c.args["alt_txt"], snippet: c.args["snippet_type"], length: n, created: c.now()}
	c.files[f.id] = f
	return reply{"upload_url": c.from + "/upload/" + f.id, "file_id": f.id}, nil
}

// upload takes the bytes of an announced file, as a multipart form with one file or as they are.
func (s *Sandbox) upload(w http.ResponseWriter, r *http.Request) {
	data, err := uploaded(http.MaxBytesReader(w, r.Body, maxUpload+1<<20), r.Header.Get("Content-Type"), r)
	if err != nil {
		http.Error(w, "cannot read the upload: "+err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[r.PathValue("id")]
	switch {
	case s.faults.Down || s.faults.Cut:
		http.Error(w, "down", http.StatusServiceUnavailable)
	case f == nil || f.done:
		http.Error(w, "no such upload", http.StatusNotFound)
	case len(data) != f.length:
		http.Error(w, fmt.Sprintf("%d bytes were announced and %d came", f.length, len(data)), http.StatusBadRequest)
	default:
		f.data, f.filled = data, true
		f.mimetype = mimetype(f.name, data)
		if config, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil {
			f.width, f.height = config.Width, config.Height
		}
		fmt.Fprintf(w, "OK - %d", len(data))
	}
}

func uploaded(body io.Reader, contentType string, r *http.Request) ([]byte, error) {
	if kind, _, _ := mime.ParseMediaType(contentType); kind != "multipart/form-data" {
		return io.ReadAll(body)
	}
	r.Body = io.NopCloser(body)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" {
			return io.ReadAll(part)
		}
	}
}

// mimetype trusts the name for text and the bytes for everything else.
func mimetype(name string, data []byte) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".csv":
		return "text/csv"
	case ".sql", ".txt", ".md", ".log":
		return "text/plain"
	case ".json":
		return "application/json"
	}
	kind, _, _ := mime.ParseMediaType(http.DetectContentType(data))
	return kind
}

func (c *call) completeFiles() (reply, error) {
	var listed []struct{ ID, Title string }
	if err := decode([]byte(c.args["files"]), &listed); err != nil || len(listed) == 0 {
		return nil, refuse("invalid_arguments", "[ERROR] must be an array of files [json-pointer:/files]")
	}
	var files []*file
	for _, l := range listed {
		f := c.files[l.ID]
		if f == nil || !f.filled || f.done {
			return nil, refuse("file_not_found")
		}
		files = append(files, f)
	}
	var targets []string
	if id := c.args["channel_id"]; id != "" {
		targets = append(targets, id)
	}
	for id := range strings.SplitSeq(c.args["channels"], ",") {
		if id = strings.TrimSpace(id); id != "" && !slices.Contains(targets, id) {
			targets = append(targets, id)
		}
	}
	var rooms []*room
	for _, id := range targets {
		if !encodedChannel.MatchString(id) { // no names and no people here
			return nil, refuse("invalid_arguments", "[ERROR] input must match regex pattern: "+encodedChannel.String()+" [json-pointer:/channel_id]")
		}
		r, err := c.writable(id)
		if err != nil {
			return nil, err
		}
		rooms = append(rooms, r)
	}
	thread := c.args["thread_ts"]
	if thread != "" {
		if len(rooms) != 1 {
			return nil, refuse("invalid_arguments", "[ERROR] thread_ts needs exactly one channel [json-pointer:/thread_ts]")
		}
		var err error
		if thread, err = c.threadOf(rooms[0], thread); err != nil {
			return nil, err
		}
	}
	comment := content{text: c.args["initial_comment"]}
	if comment.text == "" && c.args["blocks"] != "" {
		var err error
		if comment, err = c.content(args{"blocks": c.args["blocks"]}); err != nil {
			return nil, err
		}
	}
	out := []any{}
	for i, f := range files {
		f.done, f.title = true, listed[i].Title
		if f.title == "" {
			f.title = f.name
		}
		// Slack answers before it has shared and looked at the file: where it went is known by files.info only.
		early := c.wireFile(f)
		early["mimetype"], early["filetype"] = "", ""
		out = append(out, early)
	}
	for _, r := range rooms {
		m := c.botMessage(comment)
		m.subtype, m.thread, m.files = "file_share", thread, files
		c.post(r, m)
		for _, f := range files {
			f.shares, f.threads = append(f.shares, place{r.ID, m.ts}), append(f.threads, thread)
		}
	}
	return reply{"files": out}, nil
}

func (c *call) fileInfo() (reply, error) {
	f := c.files[c.args["file"]]
	if f == nil || !f.done {
		return nil, refuse("file_not_found")
	}
	return reply{"file": c.wireFile(f), "comments": []any{}, "response_metadata": map[string]any{"next_cursor": ""}}, nil
}

func (s *Sandbox) wireFile(f *file) map[string]any {
	url := s.base() + f.path()
	shares := map[string]map[string][]any{"public": {}, "private": {}}
	channels, groups, ims := []string{}, []string{}, []string{}
	for i, p := range f.shares {
		r := s.rooms[p.channel]
		kind, list := "private", &groups
		switch {
		case r.im != "":
			list = &ims
		case !r.Private:
			kind, list = "public", &channels
		}
		*list = append(*list, p.channel)
		share := map[string]any{"ts": p.ts, "channel_name": r.Name, "team_id": s.team.ID}
		if f.threads[i] != "" {
			share["thread_ts"] = f.threads[i]
		}
		shares[kind][p.channel] = append(shares[kind][p.channel], share)
	}
	o := map[string]any{
		"id": f.id, "created": f.created.Unix(), "timestamp": f.created.Unix(), "name": f.name, "title": f.title, "mimetype": f.mimetype,
		"filetype": strings.TrimPrefix(strings.ToLower(path.Ext(f.name)), "."), "user": s.app.BotUser, "user_team": s.team.ID, "mode": "hosted",
		"size": len(f.data), "url_private": url, "url_private_download": url, "is_external": false, "editable": false, "is_public": len(channels) > 0,
		"channels": channels, "groups": groups, "ims": ims, "shares": shares, "permalink": url,
	}
	if f.alt != "" {
		o["alt_txt"] = f.alt
	}
	if f.width > 0 {
		o["original_w"], o["original_h"] = f.width, f.height
	}
	return o
}

func (f *file) path() string { return "/files/" + f.id + "/" + fileName(f.name) }

// fileName is a name that is safe within a path.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, name)
}

// serveFile gives a file to the app (its token) or, on the page, to a person who can see a message that carries it.
func (s *Sandbox) serveFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.files[r.PathValue("id")]
	allowed := false
	if f != nil && f.filled {
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case bearer:
			allowed = token == s.app.BotToken && !s.app.Revoked
		case s.local(r):
			user := r.URL.Query().Get("as")
			allowed = slices.ContainsFunc(f.shares, func(p place) bool { return s.sees(user, s.rooms[p.channel]) })
		}
	}
	s.mu.Unlock()
	if !allowed {
		http.Error(w, "file not found", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Content-Type", f.mimetype)
	if !strings.HasPrefix(f.mimetype, "image/") || f.mimetype == "image/svg+xml" {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.name}))
	}
	http.ServeContent(w, r, f.name, f.created, bytes.NewReader(f.data))
}
