package managementapi

import (
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

var ofChangeSets = []operation{
	{
		method: http.MethodGet, path: "/change-sets", id: "listChangeSets", summary: "List the change sets, the newest first.",
		query: with(parameter{name: "owner", means: "Only those that somebody of this name began."}, programmer, channel, setStatus),
		gives: management.ChangeSets{}, status: http.StatusOK,
		serve: func(c *call) (answer, error) {
			page, err := c.service.ChangeSets(c.who, management.SetFilter{
				Owner: c.query.Get("owner"), Programmer: c.query.Get("programmer"), Channel: c.query.Get("channel"),
				Status: management.SetStatus(c.query.Get("status")),
			}, c.part())
			return answer{body: page}, err
		},
	},
	{
		method: http.MethodPost, path: "/change-sets", id: "createChangeSet", summary: "Begin a draft.",
		takes: management.ChangeSetSpec{}, optional: true, gives: management.ChangeSet{}, status: http.StatusCreated, creates: true, tagged: true,
		serve: func(c *call) (answer, error) {
			spec, err := read[management.ChangeSetSpec](c)
			if err != nil {
				return answer{}, err
			}
			set, err := c.service.CreateChangeSet(c.ctx(), c.asked(), spec)
			return answer{body: set, version: set.Version, made: "/change-sets/" + set.ID.String()}, err
		},
	},
	{
		method: http.MethodGet, path: "/change-sets/{id}", id: "showChangeSet", summary: "Review a change set: what a draft would do now, or what a pushed one did.",
		gives: management.ChangeSet{}, status: http.StatusOK, tagged: true,
		serve: onSet(func(c *call, id uuid.UUID) (management.ChangeSet, error) {
			return c.service.ChangeSet(c.ctx(), c.who, id)
		}),
	},
	{
		method: http.MethodDelete, path: "/change-sets/{id}", id: "discardChangeSet", summary: "Discard a draft.", status: http.StatusNoContent, seen: true,
		serve: func(c *call) (answer, error) {
			id, err := c.id("id")
			if err != nil {
				return answer{}, err
			}
			return answer{}, c.service.DiscardChangeSet(c.ctx(), c.asked(), id)
		},
	},
	{
		method: http.MethodPost, path: "/change-sets/{id}/changes", id: "addChange", summary: "Gather a change in a draft. It must be possible now, after those before it.",
		takes: management.Change{}, gives: management.ChangeSet{}, status: http.StatusOK, tagged: true,
		serve: onSet(func(c *call, id uuid.UUID) (management.ChangeSet, error) {
			change, err := read[management.Change](c)
			if err != nil {
				return management.ChangeSet{}, err
			}
			return c.service.AddChange(c.ctx(), c.asked(), id, change)
		}),
	},
	{
		method: http.MethodDelete, path: "/change-sets/{id}/changes/{number}", id: "removeChange", summary: "Take a change out of a draft; those behind it move up.",
		gives: management.ChangeSet{}, status: http.StatusOK, seen: true, tagged: true,
		serve: onSet(func(c *call, id uuid.UUID) (management.ChangeSet, error) {
			number, err := strconv.Atoi(c.name("number"))
			if err != nil {
				return management.ChangeSet{}, fault(Invalid, "number", "want the number of a change", "changes are counted from 1")
			}
			return c.service.RemoveChange(c.ctx(), c.asked(), id, number)
		}),
	},
	{
		method: http.MethodPost, path: "/change-sets/{id}/push", id: "pushChangeSet", summary: "Make all changes of the draft that was reviewed, at once, or none.",
		gives: management.ChangeSet{}, status: http.StatusOK, seen: true, tagged: true,
		serve: onSet(func(c *call, id uuid.UUID) (management.ChangeSet, error) {
			return c.service.PushChangeSet(c.ctx(), c.asked(), id)
		}),
	},
	{
		method: http.MethodPost, path: "/change-sets/{id}/roll-back", id: "rollBackChangeSet", summary: "Take back what a set did, at once, the last change first.",
		takes: management.RollBackOptions{}, optional: true, gives: management.ChangeSet{}, status: http.StatusOK, tagged: true,
		serve: onSet(func(c *call, id uuid.UUID) (management.ChangeSet, error) {
			options, err := read[management.RollBackOptions](c)
			if err != nil {
				return management.ChangeSet{}, err
			}
			return c.service.RollBackChangeSet(c.ctx(), c.asked(), id, options)
		}),
	},
}

func onSet(do func(*call, uuid.UUID) (management.ChangeSet, error)) func(*call) (answer, error) {
	return func(c *call) (answer, error) {
		id, err := c.id("id")
		if err != nil {
			return answer{}, err
		}
		set, err := do(c, id)
		return answer{body: set, version: set.Version}, err
	}
}
