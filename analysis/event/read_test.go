package event

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"spendbot/analysis"
)

var now = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

func rules(t testing.TB) Rules {
	t.Helper()
	rs, err := NewRules([]Rule{
		{Match: "mayfly/payments-*", Set: map[string]string{"team": "payments", "account": "payments-prod"}},
		{Match: "payments/*", Set: map[string]string{"team": "payments"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func short(e analysis.Event) string {
	s := Line(e)
	if p := Place(e); p != "" {
		s += " (" + p + ")"
	}
	return s
}

func TestJSON(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"kind":"deploy","what":"payments-api 4.18.0","at":"2026-11-18T09:12:00Z","team":"payments","Account":"payments-prod","tags":{"app":"api"}}`,
			"deploy payments-api 4.18.0, Wed 18 Nov 09:12 UTC (team payments, account payments-prod, tag app api)"},
		{`{"kind":"flag","what":"checkout-v2 on","at":1779181920,"id":7}`, "flag checkout-v2 on, Tue 19 May 09:12 UTC"},
		{`{"kind":"release","what":"x","at":"2026-11-18T10:12:00+01:00","until":"2026-11-18 11:00"}`, "deploy x, Wed 18 Nov 09:12 to 11:00 UTC"},
		{`{"kind":"deploy","what":"x","id":"run-812"}`, "deploy x, Mon 23 Nov 09:30 UTC"},
		{`{"kind":"deploy","what":"mayfly/payments-api 4","at":"2026-11-18","team":"search","region":null}`, "deploy mayfly/payments-api 4, Wed 18 Nov 00:00 UTC (team search, account payments-prod)"},
	} {
		list, err := JSON([]byte(c.in), rules(t), now)
		if err != nil || len(list) != 1 || short(list[0]) != c.want {
			t.Errorf("%s:\n  %+v %v, want %s", c.in, list, err, c.want)
		}
	}
	list, err := JSON([]byte(`[{"kind":"deploy","what":"a","at":"2026-11-18"},{"kind":"deploy","what":"b","at":"2026-11-18"}]`), nil, now)
	if err != nil || len(list) != 2 || list[0].Key == list[1].Key {
		t.Errorf("a list: %+v, %v", list, err)
	}
	for in, want := range map[string]string{
		``:                             "the body is empty",
		`[]`:                           "the list is empty",
		`{"kind":"deploy"`:             "it is no JSON",
		`{"kind":"deploy","what":"x"}`: "at: it is missing, and there is no id",
		`{"kind":"deploy","what":"x","at":"noon"}`:                      `at: "noon" is no time; write`,
		`{"kind":"deploy","what":"x","at":-5}`:                          "at: -5 is no time",
		`{"kind":"deploy","wat":"x","at":"2026-11-18"}`:                 `"wat" is no field of an event; its fields are id, kind`,
		`{"kind":"deploy","what":{},"at":"2026-11-18"}`:                 "what: it is no text",
		`{"kind":"deploy","what":"x","at":"2026-11-18","tags":[]}`:      "tags: it is no object",
		`[{"kind":"deploy","what":"x","at":"2026-11-18"},{"kind":"x"}]`: "event 2 of 2: at: it is missing",
		`{"kind":"party","what":"x","at":"2026-11-18"}`:                 `kind: "party" is no kind of event; write one of deploy`,
		`{"kind":"deploy","what":"x","at":"2026-11-18"} {}`:             "something stands behind the JSON",
		`"deploy"`:                               "the value at byte 8 is a string",
		"[" + strings.Repeat("{},", 600) + "{}]": "601 events in one report",
	} {
		if _, err := JSON([]byte(in), nil, now); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.60s: %v, want %s", in, err, want)
		}
	}
}

func TestGitHub(t *testing.T) {
	asked, why, err := GitHub("deployment", file(t, "github_deployment.json"), rules(t))
	if err != nil || asked == nil {
		t.Fatal(why, err)
	}
	if got, want := short(*asked), "deploy payments-api 4.18.0, Wed 18 Nov 09:10 UTC (team payments, account payments-prod, region us-east-1, env production)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	done, _, err := GitHub("deployment_status", file(t, "github_deployment_status.json"), rules(t))
	if err != nil || done == nil || done.Key != asked.Key {
		t.Errorf("a deployment and its success are two events: %+v, %v", done, err)
	}
	if got, want := When(*done), "Wed 18 Nov 09:12 UTC"; got != want || done.Link != "https://github.example.com/mayfly/payments-api/actions/runs/812" || done.By != "ana" {
		t.Errorf("%s, want %s; %+v", got, want, done)
	}
	status := func(state string) []byte {
		return []byte(strings.Replace(string(file(t, "github_deployment_status.json")), `"success"`, `"`+state+`"`, 1))
	}
	failed, _, err := GitHub("deployment_status", status("failure"), nil)
	if err != nil || failed.Key == asked.Key || failed.What != "payments-api 4.18.0 failed" {
		t.Errorf("a failed deployment: %+v, %v", failed, err)
	}
	for _, c := range []struct {
		name, why string
		body      []byte
	}{
		{"ping", "a ping: the webhook works", []byte(`{}`)},
		{"push", `"push" is passed over; subscribe to deployment and deployment_status`, []byte(`{}`)},
		{"deployment_status", `a deployment that is "in_progress" is not one yet`, status("in_progress")},
	} {
		if e, why, err := GitHub(c.name, c.body, nil); e != nil || why != c.why || err != nil {
			t.Errorf("%s: %+v, %q, %v", c.name, e, why, err)
		}
	}
	for body, want := range map[string]string{`{}`: "deployment.id is missing", `{"deployment":{"id":1}}`: "repository.full_name is missing", `nonsense`: "at byte",
		`{"deployment":{"id":1},"repository":{"full_name":"a/b"}}`: "created_at:"} {
		if _, _, err := GitHub("deployment", []byte(body), nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

func TestKubernetes(t *testing.T) {
	for _, c := range []struct {
		file   string
		want   []string
		passed int
	}{
		{"kubernetes_event.json", []string{"scaling deployment payments-api: Scaled up replica set payments-api-7d9c to 40 from 12, Wed 18 Nov 09:14 UTC (team payments)"}, 0},
		{"kubernetes_list.json", []string{"scaling pod batch-0: pod triggered scale-up: [{nodes 3->9 (max: 12)}], Wed 18 Nov 10:00 UTC (tag namespace batch)"}, 1},
		{"kubernetes_audit.json", []string{"scaling patch deployment payments-api, Wed 18 Nov 09:13 UTC (team payments)", "deploy update statefulset ledger, Wed 18 Nov 09:20 UTC (team payments)"}, 3},
	} {
		body := file(t, c.file)
		if !IsKubernetes(body) {
			t.Errorf("%s is not known as Kubernetes'", c.file)
		}
		list, passed, err := Kubernetes(body, rules(t))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		var got []string
		for _, e := range list {
			got = append(got, short(e))
		}
		if !reflect.DeepEqual(got, c.want) || passed != c.passed {
			t.Errorf("%s: %q and %d passed over, want %q and %d", c.file, got, passed, c.want, c.passed)
		}
		again, _, _ := Kubernetes(body, rules(t))
		for i := range again {
			if again[i].Key != list[i].Key {
				t.Errorf("%s: sent again it has another key", c.file)
			}
		}
	}
	if IsKubernetes([]byte(`{"kind":"deploy","what":"x"}`)) {
		t.Error("a generic report is taken for Kubernetes'")
	}
	if _, _, err := Kubernetes([]byte(`{"kind":"Event","apiVersion":"v1","reason":"ScalingReplicaSet"}`), nil); err == nil || !strings.Contains(err.Error(), "involvedObject is missing") {
		t.Errorf("an Event about nothing: %v", err)
	}
}

func TestCSV(t *testing.T) {
	list, err := CSV(strings.NewReader("\ufeffKind,What,At,Until,Team,tag:app,id\ndeploy,\"payments-api, 4.18.0\",2026-11-18 09:12,,payments,api,1\n\ncommitment,sp-0a1f ended,2026-11-15,,,,\n"), rules(t))
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	if got, want := short(list[0]), "deploy payments-api, 4.18.0, Wed 18 Nov 09:12 UTC (team payments, tag app api)"; got != want || list[0].Key != "csv/1" || list[1].Key == "" {
		t.Errorf("%s (%s), want %s", got, list[0].Key, want)
	}
	for in, want := range map[string]string{
		"":                         "the file is empty",
		"kind,what\n":              "line 1: the column at is missing",
		"kind,what,at,cost\n":      `line 1, column 4: "cost" is no column of events`,
		"kind,what,at,team,Team\n": "line 1, column 5: Team is there twice",
		"kind,what,at\ndeploy,x,2026-11-18\ndeploy,x,gestern\n": `line 3, column 3 (at): "gestern" is no time`,
		"kind,what,at\ndeploy,x\n":                              "line 2: 2 cells, and the header has 3",
		"kind,what,at\nparty,x,2026-11-18\n":                    `line 2: kind: "party" is no kind`,
		"kind,what,at\ndeploy,\"x,2026-11-18\n":                 "line 2, byte",
		"kind,what,at\ndeploy,\xff\xfe,2026-11-18\n":            "line 2, column 2 (what): it is not UTF-8",
	} {
		if _, err := CSV(strings.NewReader(in), nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}

func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"deploy payments-api 4.18.0": "deploy payments-api 4.18.0, Mon 23 Nov 09:30 UTC",
		"deploy payments-api 4.18.0 at 2026-11-18 09:12 team=payments account=payments-prod": "deploy payments-api 4.18.0, Wed 18 Nov 09:12 UTC (team payments, account payments-prod)",
		"deploy x at 09:12":                                               "deploy x, Mon 23 Nov 09:12 UTC",
		"deploy x at yesterday 9:05 UTC":                                  "deploy x, Sun 22 Nov 09:05 UTC",
		"deploy x at 18 Nov 09:12":                                        "deploy x, Wed 18 Nov 09:12 UTC",
		"deploy x at 2026-11-18":                                          "deploy x, Wed 18 Nov 00:00 UTC",
		"deploy x at 2026-11-18T09:12Z":                                   "deploy x, Wed 18 Nov 09:12 UTC",
		"deploy x at=2026-11-18T10:12:00+01:00":                           "deploy x, Wed 18 Nov 09:12 UTC",
		"scale checkout at scale":                                         "scaling checkout at scale, Mon 23 Nov 09:30 UTC",
		"flag checkout-v2 on at 18 nov until 20 nov":                      "flag checkout-v2 on, Wed 18 Nov 00:00 to Fri 20 Nov 00:00 UTC",
		`deploy "payments api at noon" service=“Amazon EC2”`:              "deploy payments api at noon, Mon 23 Nov 09:30 UTC (service Amazon EC2)",
		"commitment sp-0a1f ended at=2026-11-15 provider=AWS tag:app=api": "commitment sp-0a1f ended, Sun 15 Nov 00:00 UTC (provider AWS, tag app api)",
		"deploy ana's fix at 09:00":                                       "deploy ana's fix, Mon 23 Nov 09:00 UTC",
	} {
		e, err := Words(in, nil, now)
		if err != nil || short(e) != want {
			t.Errorf("%s:\n  %s %v, want %s", in, short(e), err, want)
		}
	}
	for in, want := range map[string]string{
		"":                          "which event?",
		"payments-api 4.18.0":       `an event begins with its kind: "payments-api" is no kind of event`,
		"deploy":                    "what was it?",
		"deploy x colour=red":       `"colour" is nothing an event can be confined to`,
		"deploy x team=":            "team= is empty",
		`deploy "x`:                 "a quote",
		"deploy x at 2026-13-18":    `"2026-13-18" is no time`,
		"deploy x at=whenever":      `"whenever" is no time`,
		"deploy x until 2020-01-01": "until: 2020-01-01T00:00:00Z is before at",
	} {
		if _, err := Words(in, nil, now); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}

func TestRules(t *testing.T) {
	for want, r := range map[string]Rule{"rule 1: match is missing": {Set: map[string]string{"team": "x"}}, "rule 1 (x): set is missing": {Match: "x"},
		`rule 1 (x): "teem" is nothing`: {Match: "x", Set: map[string]string{"teem": "y"}}, "rule 1 (x): team is empty": {Match: "x", Set: map[string]string{"team": " "}}} {
		if _, err := NewRules([]Rule{r}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", r, err, want)
		}
	}
}

// sound fails unless an event is one that state can keep and give back.
func sound(t *testing.T, e analysis.Event) {
	t.Helper()
	again := e
	if err := Check(&again); err != nil || !reflect.DeepEqual(again, e) {
		t.Errorf("not as checked: %+v became %+v, %v", e, again, err)
	}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var back analysis.Event
	if err := json.Unmarshal(b, &back); err != nil || Line(back) != Line(e) || Place(back) != Place(e) {
		t.Errorf("%+v comes back as %+v, %v", e, back, err)
	}
	if strings.ContainsAny(Line(e), "\n\r") {
		t.Errorf("%q is more than a line", Line(e))
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"kind":"deploy","what":"x","at":"2026-11-18T09:12:00Z","tags":{"a":"b"}}`))
	f.Add([]byte(`[{"kind":"flag","what":"x","id":"1"}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := JSON(b, rules(t), now)
		for _, e := range list {
			sound(t, e)
		}
		if (err == nil) != (len(list) > 0) {
			t.Errorf("%d events and %v", len(list), err)
		}
	})
}

func FuzzGitHub(f *testing.F) {
	f.Add("deployment", file(f, "github_deployment.json"))
	f.Add("deployment_status", file(f, "github_deployment_status.json"))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		e, why, err := GitHub(name, b, rules(t))
		if err == nil && e != nil {
			sound(t, *e)
		}
		if err == nil && e == nil && why == "" {
			t.Error("nothing, and nobody says why")
		}
	})
}

func FuzzKubernetes(f *testing.F) {
	for _, n := range []string{"kubernetes_event.json", "kubernetes_list.json", "kubernetes_audit.json"} {
		f.Add(file(f, n))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		IsKubernetes(b)
		list, _, err := Kubernetes(b, rules(t))
		if err != nil {
			return
		}
		for _, e := range list {
			sound(t, e)
		}
	})
}

func FuzzCSV(f *testing.F) {
	f.Add("kind,what,at,team\ndeploy,x,2026-11-18,payments\n")
	f.Add("kind,what,at,tag:app,id\nflag,\"a \"\"b\"\"\",2026-11-18 09:12,api,7\n")
	f.Fuzz(func(t *testing.T, s string) {
		list, err := CSV(strings.NewReader(s), rules(t))
		if err != nil && len(list) > 0 {
			t.Error("half a file was read")
		}
		for _, e := range list {
			sound(t, e)
		}
	})
}

func FuzzWords(f *testing.F) {
	f.Add(`deploy "a b" at 18 Nov 09:12 team='x y' until yesterday`)
	f.Add("scale x at 2026-11-18T09:12Z link=https://x.example.com/1")
	f.Fuzz(func(t *testing.T, s string) {
		if e, err := Words(s, rules(t), now); err == nil {
			e.Source = "slack"
			sound(t, e)
		}
	})
}
