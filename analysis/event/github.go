package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"spendbot/analysis"
)

// hook is what of GitHub's deployment and deployment_status webhooks is read
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads#deployment).
type hook struct {
	Deployment *struct {
		ID          json.Number `json:"id"`
		SHA         string      `json:"sha"`
		Ref         string      `json:"ref"`
		Task        string      `json:"task"`
		Environment string      `json:"environment"`
		CreatedAt   string      `json:"created_at"`
		Creator     *struct {
			Login string `json:"login"`
		} `json:"creator"`
		Payload json.RawMessage `json:"payload"`
	} `json:"deployment"`
	Status *struct {
		State     string `json:"state"`
		CreatedAt string `json:"created_at"`
		TargetURL string `json:"target_url"`
		LogURL    string `json:"log_url"`
	} `json:"deployment_status"`
	Repository *struct {
		Name     string `json:"name"`
		FullName string `json:"full_name"`
		HTMLURL  string `json:"html_url"`
	} `json:"repository"`
}

var fullSHA = regexp.MustCompile(`^[0-9a-f]{40}$`)

// GitHub reads a webhook of GitHub's; name is its X-GitHub-Event header. A deployment is one event however often GitHub tells of it:
// as it is requested, as it succeeds, and when GitHub delivers any of that again. One that fails is an event of its own. why says what
// was passed over where there is no event in it.
func GitHub(name string, body []byte, rules Rules) (e *analysis.Event, why string, err error) {
	switch name {
	case "deployment", "deployment_status":
	case "ping":
		return nil, "a ping: the webhook works", nil
	default:
		return nil, fmt.Sprintf("%q is passed over; subscribe to deployment and deployment_status", clip(tidy(name), 40)), nil
	}
	var h hook
	if err := decode(body, &h); err != nil {
		return nil, "", err
	}
	switch {
	case h.Deployment == nil || h.Deployment.ID == "":
		return nil, "", errors.New("deployment.id is missing; this is no deployment webhook of GitHub's")
	case h.Repository == nil || h.Repository.FullName == "":
		return nil, "", errors.New("repository.full_name is missing; this is no deployment webhook of GitHub's")
	case name == "deployment_status" && h.Status == nil:
		return nil, "", errors.New("deployment_status is missing from a deployment_status webhook")
	}
	d, repo := h.Deployment, h.Repository
	version := d.Ref
	if fullSHA.MatchString(version) {
		version = version[:7]
	} else if version == "" {
		version = clip(d.SHA, 7)
	}
	version = strings.TrimPrefix(version, "refs/tags/")
	e = &analysis.Event{Kind: Deploy, What: strings.TrimSpace(orElse(repo.Name, repo.FullName) + " " + version), Source: "github", Slice: map[string]string{},
		Key: "github/" + repo.FullName + "/" + d.ID.String(), Link: repo.HTMLURL}
	if d.Creator != nil {
		e.By = d.Creator.Login
	}
	at := d.CreatedAt
	if h.Status != nil && name == "deployment_status" {
		switch h.Status.State {
		case "success":
		case "failure", "error":
			e.What += " failed"
			e.Key += "/failed"
		default:
			return nil, fmt.Sprintf("a deployment that is %q is not one yet", clip(tidy(h.Status.State), 40)), nil
		}
		at = orElse(h.Status.CreatedAt, at)
		e.Link = orElse(h.Status.LogURL, orElse(h.Status.TargetURL, e.Link))
	}
	if e.Begins, err = Time(at); err != nil {
		return nil, "", fmt.Errorf("created_at: %w", err)
	}
	if d.Task != "" && d.Task != "deploy" { // "rollback", "migrate"
		e.What = clip(tidy(d.Task), 40) + " " + e.What
	}
	if d.Environment != "" {
		e.Slice["x_Environment"] = d.Environment
	}
	place(e, d.Payload)
	rules.place(repo.FullName, e)
	return e, "", Check(e)
}

// place reads where a deployment happens from its own payload, which whoever deploys fills in: {"team": "payments"}.
func place(e *analysis.Event, payload json.RawMessage) {
	var fields map[string]any
	if json.Unmarshal(payload, &fields) != nil { // also "", which GitHub sends where there is none
		return
	}
	for name, v := range fields {
		c, err := column(name)
		s, ok := v.(string)
		if err == nil && ok && tidy(s) != "" && e.Slice[c] == "" {
			e.Slice[c] = clip(tidy(s), maxValue)
		}
	}
}
