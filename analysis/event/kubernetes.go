package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"spendbot/analysis"
)

// object is what of a Kubernetes Event (core/v1 and events.k8s.io/v1), of an audit event (audit.k8s.io/v1) and of a list of either is
// read (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/,
// https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/).
type object struct {
	Kind       string            `json:"kind"`
	APIVersion string            `json:"apiVersion"`
	Items      []json.RawMessage `json:"items"`
	Metadata   struct {
		UID               string `json:"uid"`
		Name              string `json:"name"`
		Namespace         string `json:"namespace"`
		CreationTimestamp string `json:"creationTimestamp"`
	} `json:"metadata"`
	Reason         string  `json:"reason"`
	Message        string  `json:"message"`
	Note           string  `json:"note"` // events.k8s.io/v1's message
	InvolvedObject *object `json:"involvedObject"`
	Regarding      *object `json:"regarding"`
	Namespace      string  `json:"namespace"` // of an object that an event is about
	Name           string  `json:"name"`
	EventTime      string  `json:"eventTime"`
	FirstTimestamp string  `json:"firstTimestamp"`
	LastTimestamp  string  `json:"lastTimestamp"`
	DeprecatedAt   string  `json:"deprecatedFirstTimestamp"`

	AuditID   string `json:"auditID"`
	Stage     string `json:"stage"`
	Verb      string `json:"verb"`
	ObjectRef *struct {
		Resource    string `json:"resource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
		Subresource string `json:"subresource"`
	} `json:"objectRef"`
	User struct {
		Username string `json:"username"`
	} `json:"user"`
	StageTimestamp string `json:"stageTimestamp"`
	ResponseStatus *struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
}

// scalingReasons are the reasons of Kubernetes events that change what is paid for. Others tell of pods and probes, by the thousand.
var scalingReasons = []string{"ScalingReplicaSet", "SuccessfulRescale", "TriggeredScaleUp", "ScaleDown", "ScaledUpGroup", "Provisioned", "DisruptionLaunching", "NodeClaimCreated"}

// workloads are the resources whose changes the audit log is read for.
var workloads = []string{"deployments", "statefulsets", "daemonsets", "horizontalpodautoscalers", "nodepools", "machinedeployments", "rollouts", "cronjobs"}

// IsKubernetes reports whether a body has the shape of what Kubernetes sends.
func IsKubernetes(body []byte) bool {
	var o object
	return json.Unmarshal(body, &o) == nil && o.APIVersion != "" && (o.Kind == "Event" || strings.HasSuffix(o.Kind, "List"))
}

// Kubernetes reads an Event, an audit event, or a list of them. Those that say nothing of scaling or of a changed workload are passed over;
// passed counts them.
func Kubernetes(body []byte, rules Rules) (list []analysis.Event, passed int, err error) {
	var top object
	if err := decode(body, &top); err != nil {
		return nil, 0, err
	}
	raws := []json.RawMessage{body}
	if strings.HasSuffix(top.Kind, "List") {
		raws = top.Items
	}
	if len(raws) > maxList {
		return nil, 0, fmt.Errorf("items: %d of them; send at most %d at once", len(raws), maxList)
	}
	for i, raw := range raws {
		var o object
		if err := decode(raw, &o); err != nil {
			return nil, 0, fmt.Errorf("item %d: %w", i+1, err)
		}
		e, err := o.event(rules)
		if err != nil {
			return nil, 0, fmt.Errorf("item %d: %w", i+1, err)
		}
		if e == nil {
			passed++
			continue
		}
		list = append(list, *e)
	}
	return list, passed, nil
}

func (o *object) event(rules Rules) (*analysis.Event, error) {
	if o.AuditID != "" || o.Verb != "" {
		return o.audit(rules)
	}
	if !slices.Contains(scalingReasons, o.Reason) {
		return nil, nil
	}
	about := o.InvolvedObject
	if about == nil {
		about = o.Regarding
	}
	if about == nil {
		return nil, errors.New("involvedObject is missing; this is no Kubernetes Event")
	}
	at := ""
	for _, t := range []string{o.LastTimestamp, o.EventTime, o.FirstTimestamp, o.DeprecatedAt, o.Metadata.CreationTimestamp} {
		at = orElse(at, t)
	}
	message := orElse(o.Message, o.Note)
	e := &analysis.Event{Kind: Scaling, What: clip(tidy(strings.ToLower(about.Kind)+" "+about.Name+": "+message), maxWhat), Source: "kubernetes", Slice: map[string]string{}}
	var err error
	if e.Begins, err = Time(at); err != nil {
		return nil, fmt.Errorf("lastTimestamp: %w", err)
	}
	if o.Metadata.UID != "" { // the same Event is sent again with a higher count: another scaling only where it says another thing
		e.Key = clip("kubernetes/"+o.Metadata.UID+"/"+tidy(message), maxWhat+maxValue)
	}
	return e, finish(e, about.Namespace, about.Name, rules)
}

func (o *object) audit(rules Rules) (*analysis.Event, error) {
	ref := o.ObjectRef
	if ref == nil || !slices.Contains(workloads, ref.Resource) || !slices.Contains([]string{"create", "update", "patch", "delete"}, o.Verb) ||
		ref.Subresource != "" && ref.Subresource != "scale" || o.Stage != "" && o.Stage != "ResponseComplete" || o.ResponseStatus != nil && o.ResponseStatus.Code >= 300 {
		return nil, nil
	}
	kind := Deploy
	if ref.Subresource == "scale" || ref.Resource == "horizontalpodautoscalers" || ref.Resource == "nodepools" || ref.Resource == "machinedeployments" {
		kind = Scaling
	}
	e := &analysis.Event{Kind: kind, What: clip(tidy(o.Verb+" "+strings.TrimSuffix(ref.Resource, "s")+" "+ref.Name), maxWhat), By: o.User.Username, Source: "kubernetes", Slice: map[string]string{}}
	var err error
	if e.Begins, err = Time(o.StageTimestamp); err != nil {
		return nil, fmt.Errorf("stageTimestamp: %w", err)
	}
	if o.AuditID != "" {
		e.Key = "kubernetes/audit/" + o.AuditID
	}
	return e, finish(e, ref.Namespace, ref.Name, rules)
}

// finish places a workload: by the rules, and by its namespace, which bills of clusters carry as a tag.
func finish(e *analysis.Event, namespace, name string, rules Rules) error {
	rules.place(namespace+"/"+name, e)
	if len(e.Slice) == 0 && tidy(namespace) != "" {
		e.Slice["tag:namespace"] = clip(tidy(namespace), maxValue)
	}
	return Check(e)
}
