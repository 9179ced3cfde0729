package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

const (
	pathOfKills = "/kills"
	// pathOfKillForm is where the form that throws a switch goes.
	pathOfKillForm = "/kills/new"
)

// killsPage lists what was revoked.
type killsPage struct {
	Form        *form
	Kills       []management.Kill
	Kind        string
	Kinds       []option
	Throwable   []option
	First, Next string
	CanLift     bool
}

// killOps are what it takes to throw each kind of switch.
var killOps = map[revocation.Kind]access.Operation{
	revocation.Token: access.RevokeToken, revocation.Client: access.RevokeClient, revocation.Statement: access.RevokeStatement,
	revocation.Application: access.RevokeApplication, revocation.Platform: access.RevokePlatform,
	revocation.Channel: access.RevokeChannel, revocation.Issuer: access.RevokeIssuer, revocation.Key: access.RevokeKey,
}

func listKills(v *visit) error {
	kind := v.query("kind")
	return v.showKills(http.StatusOK, kind, newForm(url.Values{"throw": {kind}}))
}

func (v *visit) showKills(status int, kind string, f *form) error {
	list, err := v.Management.Kills(v.ctx(), v.who, kind, v.part())
	if err != nil {
		return err
	}
	data := killsPage{Form: f, Kills: list.Kills, Kind: kind, CanLift: v.ever(access.LiftKill), Throwable: v.throwable()}
	data.Kinds = []option{{Value: "", Text: "All", Chosen: kind == ""}}
	for _, k := range revocation.Kinds {
		data.Kinds = append(data.Kinds, option{Value: string(k), Text: words(string(k)) + "s", Chosen: kind == string(k)})
	}
	data.First, data.Next = v.pages(list.Cursor)
	return v.showStatus(status, "kills", "Kill switches", data)
}

// throwable are the kinds that the visitor may ever revoke.
func (v *visit) throwable() []option {
	var all []option
	for _, k := range revocation.Kinds {
		if v.ever(killOps[k]) {
			all = append(all, option{Value: string(k), Text: words(string(k))})
		}
	}
	return all
}

// killPage asks whether a switch is really to be thrown, and says what stops.
type killPage struct {
	*form
	making
	Kind, ID string
	Name     string
	Effect   effect
	// CanForce says that what is on no record can be revoked, too.
	CanForce bool
}

// unrecorded are the kinds of which somebody can hold one that is on no record
// here.
var unrecorded = map[revocation.Kind]bool{revocation.Client: true, revocation.Statement: true, revocation.Issuer: true, revocation.Key: true}

func askKill(v *visit) error {
	kind, id := v.query("kind"), v.query("id")
	if kind == "" {
		return v.to(pathOfKills, "")
	}
	target, err := v.Management.Target(kind, id)
	if err != nil {
		f := newForm(url.Values{"throw": {kind}, "id": {id}})
		f.blame(faultOf(err), map[string]string{"kind": "throw"}, "id", "throw")
		return v.showKills(http.StatusUnprocessableEntity, "", f)
	}
	return v.askKillOf(http.StatusOK, newForm(url.Values{"kind": {kind}, "id": {target.ID}}))
}

func (v *visit) askKillOf(status int, f *form) error {
	target, err := v.Management.Target(f.Value("kind"), f.Value("id"))
	if err != nil {
		return err
	}
	if !v.ever(killOps[target.Kind]) {
		return &management.Error{Code: management.Forbidden, Message: "your role does not include " + string(killOps[target.Kind])}
	}
	data := killPage{form: f, Kind: string(target.Kind), ID: target.ID, Name: target.ID, CanForce: v.who.IsOperator() && unrecorded[target.Kind]}
	of, err := v.stopping(target, &data)
	if err != nil {
		return err
	}
	back := targetPath(data.Kind, data.ID)
	if back == "" {
		back = "/kills"
	}
	data.making = v.making(of, "Revoke", back, true)
	data.Urgent = true
	return v.showStatus(status, "kill", "Revoke "+kindText(data.Kind)+" "+data.Name, data, crumb{"Kill switches", "/kills"})
}

func throwKill(v *visit) error {
	f := v.typed()
	order := management.KillOrder{
		Kind: v.value("kind"), ID: v.value("id"), Reason: v.value("reason"), AllowUnknown: v.value("allow_unknown") == "yes",
	}
	target, err := v.Management.Target(order.Kind, order.ID)
	if err != nil {
		return err
	}
	of := access.Resource{}
	if v.value("do") != "now" {
		if of, err = v.stopping(target, &killPage{}); err != nil {
			return err
		}
	}
	err = v.do(deed{
		change: management.Change{Operation: killOps[target.Kind], ID: order.ID, Reason: order.Reason, AllowUnknown: order.AllowUnknown},
		of:     of,
		now: func(call management.Call) (string, done, error) {
			r, err := v.Management.Revoke(v.ctx(), call, order)
			v.nodes = r.Nodes
			return withAct(afterKill(target), call.Key), cameOf(r), err
		},
	})
	return v.again(err, f, map[string]string{"id": ""}, []string{"reason"}, func(status int) error {
		// Who may revoke what is on no record is asked whether that is meant.
		if status == http.StatusForbidden || status == http.StatusNotFound && !(v.who.IsOperator() && unrecorded[target.Kind]) {
			return err
		}
		return v.askKillOf(status, f)
	})
}

// cameOf says what came of throwing a switch.
func cameOf(r management.Revocation) done {
	switch {
	case r.Already:
		return doneWas
	case r.Applied:
		return doneRevoked
	default:
		return donePartly
	}
}

// withAct adds which act the page is to tell of.
func withAct(path, key string) string {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return path + separator + "act=" + url.QueryEscape(key)
}

// afterKill is where what was revoked shows itself so.
func afterKill(target revocation.Target) string {
	switch target.Kind {
	case revocation.Application, revocation.Client, revocation.Channel:
		return targetPath(string(target.Kind), target.ID)
	default:
		return pathOfKills + "?kind=" + string(target.Kind)
	}
}

func askLift(v *visit) error {
	return v.askLiftOf(http.StatusOK, newForm(v.r.URL.Query()))
}

func (v *visit) askLiftOf(status int, f *form) error {
	kind, id := f.Value("kind"), f.Value("id")
	data := killPage{form: f, Kind: kind, ID: id, Name: id, making: v.making(access.Resource{}, "Lift it", "/kills?kind="+url.QueryEscape(kind), false)}
	return v.showStatus(status, "lift", "Lift the kill of "+kindText(kind)+" "+id, data, crumb{"Kill switches", "/kills"})
}

func liftKill(v *visit) error {
	f := v.typed()
	kind, id := v.value("kind"), v.value("id")
	err := v.do(deed{
		change: management.Change{Operation: access.LiftKill, Kind: kind, ID: id},
		now: func(call management.Call) (string, done, error) {
			_, err := v.Management.Unrevoke(v.ctx(), call, kind, id)
			return "/kills?kind=" + url.QueryEscape(kind), doneLifted, err
		},
	})
	return v.again(err, f, nil, nil, func(status int) error { return v.askLiftOf(status, f) })
}
