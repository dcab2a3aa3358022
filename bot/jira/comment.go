package jira

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Comment is what somebody wrote under an issue.
type Comment struct {
	ID      string
	Author  Person
	Body    string // Jira's markup
	Created time.Time
}

// commentPage is how many comments are read at once; mostPages bounds how many times.
const (
	commentPage = 100
	mostPages   = 50
)

// Comments lists the comments of an issue, the oldest first.
func (c *Client) Comments(ctx context.Context, key string) ([]Comment, error) {
	var out []Comment
	op := "read the comments of " + key
	for range mostPages {
		var page struct {
			Total    int `json:"total"`
			Comments []struct {
				ID      string    `json:"id"`
				Body    string    `json:"body"`
				Created string    `json:"created"`
				Author  rawPerson `json:"author"`
			} `json:"comments"`
		}
		path := fmt.Sprintf("rest/api/2/issue/%s/comment?startAt=%d&maxResults=%d&orderBy=created", url.PathEscape(key), len(out), commentPage)
		if err := c.get(ctx, op, path, &page); err != nil {
			return nil, err
		}
		for _, x := range page.Comments {
			at, err := parseTime(x.Created)
			if err != nil {
				return nil, &Error{Op: op, Outcome: Unknown, Err: err}
			}
			out = append(out, Comment{ID: x.ID, Author: x.Author.person(c.Self().Cloud), Body: x.Body, Created: at})
		}
		if len(page.Comments) == 0 || len(out) >= page.Total {
			break
		}
	}
	return out, nil
}

// Say writes a comment that ends in a mark, by which it is found again: "spendbot I-7F3K2M-3".
func (c *Client) Say(ctx context.Context, key, body, mark string) error {
	return c.send(ctx, "comment on "+key, http.MethodPost, "rest/api/2/issue/"+url.PathEscape(key)+"/comment", map[string]string{"body": body + "\n\n" + signed(mark)}, nil)
}

// signed is how a mark stands in a comment.
func signed(mark string) string { return "{color:#6b778c}" + mark + "{color}" }

// Commented reports whether the bot's comment with a mark is there.
func (c *Client) Commented(ctx context.Context, key, mark string) (bool, error) {
	all, err := c.Comments(ctx, key)
	if err != nil {
		return false, err
	}
	for _, x := range all {
		if x.Author.ID == c.Self().ID && strings.Contains(x.Body, signed(mark)) {
			return true, nil
		}
	}
	return false, nil
}
