package console

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// changesPage lists change sets.
type changesPage struct {
	Sets        []management.ChangeSet
	Status      string
	Statuses    []option
	First, Next string
	Key         string
	// Places are where the visitor can begin a set.
	Places []option
}

var setStatuses = map[management.SetStatus]string{
	management.Draft: "Draft", management.Pushed: "Pushed", management.RolledBack: "Rolled back",
}

func listChanges(v *visit) error {
	status := management.SetStatus(v.query("status"))
	list, err := v.Management.ChangeSets(v.who, management.SetFilter{Status: status}, v.part())
	if err != nil {
		return err
	}
	data := changesPage{Sets: list.ChangeSets, Status: string(status), Key: newKey(), Places: v.places()}
	data.Statuses = []option{{Value: "", Text: "All", Chosen: status == ""}}
	for _, s := range management.SetStatuses {
		data.Statuses = append(data.Statuses, option{Value: string(s), Text: setStatuses[s], Chosen: s == status})
	}
	data.First, data.Next = v.pages(list.Cursor)
	return v.show("changes", "Change sets", data)
}

// places are where the visitor's own drafts can lie.
func (v *visit) places() []option {
	var all []option
	for _, g := range v.who.Grants {
		if v.allowed(access.EditChangeSet, access.Resource{Programmer: g.Programmer, Channel: g.Channel}) {
			text := "Everything"
			if g.Programmer != "" {
				text = g.Programmer
			}
			if g.Channel != "" {
				text += ", channel " + g.Channel
			}
			all = append(all, option{Value: g.Programmer + "/" + g.Channel, Text: text})
		}
	}
	return all
}

func beginChanges(v *visit) error {
	var spec management.ChangeSetSpec
	for _, g := range v.who.Grants {
		if v.value("place") == g.Programmer+"/"+g.Channel {
			spec = management.ChangeSetSpec{Programmer: g.Programmer, Channel: g.Channel}
		}
	}
	spec.Title = v.value("title")
	set, err := v.Management.CreateChangeSet(v.ctx(), v.call(), spec)
	if err != nil {
		return err
	}
	return v.to("/changes/"+set.ID.String(), doneBegun)
}

// reviewPage shows what a set does, or did.
type reviewPage struct {
	management.ChangeSet
	Key       string
	Problem   *management.Error
	Conflicts int
	// Stays says that something of it cannot be taken back.
	Stays, Gone                   bool
	CanEdit, CanPush, CanRollBack bool
}

func reviewChanges(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	return v.review(http.StatusOK, id, nil)
}

func (v *visit) review(status int, id uuid.UUID, problem *management.Error) error {
	set, err := v.Management.ChangeSet(v.ctx(), v.who, id)
	if err != nil {
		return err
	}
	of := access.Resource{Programmer: set.Programmer, Channel: set.Channel}
	data := reviewPage{ChangeSet: set, Key: newKey(), Problem: problem}
	for _, c := range set.Changes {
		if c.Conflict != nil {
			data.Conflicts++
		}
		data.Stays = data.Stays || c.Undo == ""
		data.Gone = data.Gone || c.Undo != ""
	}
	draft := set.Status == management.Draft
	data.CanEdit = draft && v.allowed(access.EditChangeSet, of)
	data.CanPush = draft && set.Count > 0 && v.allowed(access.PushChangeSet, of)
	data.CanRollBack = set.Status == management.Pushed && data.Gone && v.allowed(access.RollBackChangeSet, of)
	title := set.Title
	if title == "" {
		title = "Change set of " + set.CreatedAt.UTC().Format("2 Jan 2006 15:04")
	}
	return v.showStatus(status, "review", title, data, crumb{"Change sets", "/changes"})
}

// turn does something to a set, and shows it again, with why, where that
// cannot be done as things are.
func (v *visit) turn(do func(management.Call, uuid.UUID) error, path string, what done) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	err = do(v.call(), id)
	if err == nil {
		if path == "" {
			path = "/changes/" + id.String()
		}
		return v.to(path, what)
	}
	fault := faultOf(err)
	switch fault.Code {
	case management.Changed, management.Irreversible, management.Invalid, management.InUse, management.Exists, management.Revoked:
		return v.review(statuses[fault.Code], id, fault)
	default:
		return err
	}
}

func pushChanges(v *visit) error {
	return v.turn(func(call management.Call, id uuid.UUID) error {
		_, err := v.Management.PushChangeSet(v.ctx(), call, id)
		return err
	}, "", donePushed)
}

func rollBackChanges(v *visit) error {
	return v.turn(func(call management.Call, id uuid.UUID) error {
		_, err := v.Management.RollBackChangeSet(v.ctx(), call, id, management.RollBackOptions{Partly: v.value("partly") == "yes"})
		return err
	}, "", doneRolledBack)
}

func removeChange(v *visit) error {
	return v.turn(func(call management.Call, id uuid.UUID) error {
		_, err := v.Management.RemoveChange(v.ctx(), call, id, v.numbered("number"))
		return err
	}, "", doneRemoved)
}

func discardChanges(v *visit) error {
	return v.turn(func(call management.Call, id uuid.UUID) error {
		return v.Management.DiscardChangeSet(v.ctx(), call, id)
	}, "/changes", doneDiscarded)
}
