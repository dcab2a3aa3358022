package bot

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"spendbot/analysis/desk"
	"spendbot/bot/access"
	"spendbot/bot/secret"
	"spendbot/bot/slack/blocks"
)

// sqlPrefix is how a message says that SQL follows, in a code block or not.
var sqlPrefix = regexp.MustCompile("(?is)^\\s*[`\\s]*sql\\b[:\\s`]*(select|with|from|values|copy|attach|pragma|insert|update|delete|drop|create|alter|set|install|load|explain|describe|show|summarize|call|\\(|--|/\\*|$)")

func asksSQL(text string) bool { return sqlPrefix.MatchString(text) }

var (
	sqlWord  = regexp.MustCompile("(?i)^[`\\s]*sql\\b[:\\s]*")
	curly    = strings.NewReplacer("‘", "'", "’", "'", "“", `"`, "”", `"`) // as phones write them
	sqlFence = "`"
)

// statement is the SQL of a message: without the word before it, the bot's name, and the code block around it.
func statement(text, self string) string {
	text = strings.TrimSpace(unmarked(text, self))
	text = sqlWord.ReplaceAllString(text, "")
	text = strings.TrimSpace(strings.Trim(strings.TrimSpace(text), sqlFence))
	if low := strings.ToLower(text); strings.HasPrefix(low, "sql\n") { // a code block that says its language
		text = text[len("sql\n"):]
	}
	return strings.TrimSpace(curly.Replace(text))
}

// refusesSQL says why a person may not run SQL where they ask; "" when they may. SQL sees all there is, so that whoever has a scope, or
// asks where one holds, may not, administrators too.
func refusesSQL(g access.Grant) string {
	switch {
	case !g.Admin:
		return "SQL is for administrators of this bot only. Ask me in words, and I answer within what you may see."
	case len(g.Scope) > 0:
		return "SQL sees all spend, and here only a part may be shown (" + g.Name + "): write to me directly where you have no scope, or ask me in words."
	}
	return ""
}

// sql answers SQL that an administrator wrote: the first rows as a table, all that were asked for as a file. Where only the asker
// sees the answer, the file comes in direct messages.
func (b *Bot) sql(ctx context.Context, t *talk, text string) (string, error) {
	t.kind = "sql"
	if refusal := refusesSQL(t.grant); refusal != "" {
		to := *t
		if !t.place.Direct {
			to.private = true
		}
		if err := b.say(ctx, &to, partAnswer, blocks.Refusal(refusal)); err != nil {
			return "", err
		}
		return refused, b.audit(ctx, t, "", refused, "SQL")
	}
	if p, err := b.db.PostByKey(ctx, t.Key+"/"+partAnswer); err == nil {
		return b.resume(ctx, t, p)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	id, err := b.db.NewID(ctx)
	if err != nil {
		return "", err
	}
	begin := b.opts.Now()
	within, cancel := context.WithTimeout(ctx, desk.SQLTime)
	defer cancel()
	a, err := b.desk.SQL(within, id, desk.Statement{SQL: text, Now: b.opts.Today()})
	if err != nil {
		said, _, _ := strings.Cut(secret.Scrub(err.Error()), "\nLINE ") // then a caret, which points nowhere in proportional type
		if ctx.Err() == nil && within.Err() != nil {
			said = "it took longer than " + desk.SQLTime.String() + ": ask for less"
		}
		if err := b.say(ctx, t, partAnswer, blocks.Trouble("That did not run: "+said)); err != nil {
			return "", err
		}
		return troubled, b.audit(ctx, t, "", troubled, said)
	}
	if err := b.keepAnswer(ctx, a, t.Team, t.User, t.channel, t.grant.Key()); err != nil {
		return "", err
	}
	if err := b.sayOf(ctx, t, a.ID, partAnswer, blocks.Answer(a, blocks.Options{Ephemeral: t.private})); err != nil {
		return "", err
	}
	if len(a.Parts[0].Table.Rows) > 1 {
		if err := b.file(ctx, t, a, a, fileCSV, "Rows of "+a.ID); err != nil {
			return "", err
		}
	}
	b.metrics.Question(string(a.Reading.Intent), answered, b.opts.Now().Sub(t.Received), b.opts.Now().Sub(begin))
	return answered, b.audit(ctx, t, a.ID, answered, "")
}
