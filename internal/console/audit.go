package console

import (
	"net/http"
	"strconv"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/changeset"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// auditPage lists what was done.
type auditPage struct {
	Entries     []audit.Entry
	Filter      *form
	Filtered    bool
	Operations  []option
	First, Next string
	CanVerify   bool
}

func listAudit(v *visit) error {
	f := &form{Values: v.r.URL.Query()}
	filter, err := v.auditFilter()
	data := auditPage{Filter: f, CanVerify: v.ever(access.VerifyAudit), Filtered: filter != (management.AuditFilter{})}
	status := http.StatusOK
	if err != nil {
		f.blame(faultOf(err), nil, "since", "until")
		status = http.StatusUnprocessableEntity
	} else {
		page, err := v.Management.AuditEntries(v.ctx(), v.who, filter, v.part())
		if err != nil {
			return err
		}
		data.Entries = page.Entries
		data.First, data.Next = v.pages(page.Cursor)
	}
	data.Operations = []option{{Value: "", Text: "All", Chosen: filter.Operation == ""}}
	for _, op := range access.Operations {
		data.Operations = append(data.Operations, option{Value: string(op), Text: operationText(op), Chosen: filter.Operation == string(op)})
	}
	return v.showStatus(status, "audit", "Audit", data)
}

func (v *visit) auditFilter() (management.AuditFilter, error) {
	f := management.AuditFilter{
		Actor: v.query("actor"), Programmer: v.query("programmer"), Channel: v.query("channel"), Operation: v.query("operation"),
		Target: v.query("target"), ChangeSet: v.query("change_set"),
	}
	var err error
	if f.Since, err = v.moment("since"); err != nil {
		return f, err
	}
	f.Until, err = v.moment("until")
	return f, err
}

// moments are how a time can be written; browsers write the third.
var moments = []string{time.RFC3339, time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04"}

func (v *visit) moment(name string) (time.Time, error) {
	text := v.query(name)
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range moments {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &management.Error{Code: management.Invalid, Field: name, Message: "got " + strconv.Quote(text) + ", want a day or a time, such as 2025-11-24"}
}

// entryPage shows one act, with the thing before and after.
type entryPage struct {
	audit.Entry
	Difference []changeset.Difference
}

func showAuditEntry(v *visit) error {
	seq, err := strconv.ParseUint(v.r.PathValue("seq"), 10, 64)
	if err != nil || seq == 0 {
		return v.nothingHere()
	}
	// A listing that begins at the entry has it first, if the visitor sees it.
	page, err := v.Management.AuditEntries(v.ctx(), v.who, management.AuditFilter{}, management.Part{
		Cursor: strconv.FormatUint(seq, 10), Limit: 1,
	})
	if err != nil {
		if faultOf(err).Code == management.Invalid {
			return v.nothingHere()
		}
		return err
	}
	if len(page.Entries) == 0 || page.Entries[0].Seq != seq {
		return v.nothingHere()
	}
	e := page.Entries[0]
	data := entryPage{Entry: e, Difference: changeset.Diff(e.Before, e.After)}
	return v.show("auditentry", "Entry "+strconv.FormatUint(seq, 10), data, crumb{"Audit", "/audit"})
}

// verifyPage says whether the chain is whole.
type verifyPage struct {
	Verification *audit.Verification
	Filter       *form
	Next         string
}

func verifyAudit(v *visit) error {
	f := newForm(v.r.URL.Query())
	data := verifyPage{Filter: f}
	var anchors []string
	if a := v.query("anchor"); a != "" {
		anchors = append(anchors, a)
	}
	result, err := v.Management.VerifyAudit(v.ctx(), v.who, v.query("cursor"), anchors)
	switch fault := faultOf(err); {
	case err == nil:
		data.Verification = &result
		if result.Cursor != "" {
			data.Next = address("/audit/verify", "cursor", result.Cursor, "anchor", v.query("anchor"))
		}
	case fault.Code == management.Invalid:
		f.blame(fault, nil, "anchor")
		return v.showStatus(http.StatusUnprocessableEntity, "verify", "Verify the audit", data, crumb{"Audit", "/audit"})
	default:
		return err
	}
	return v.show("verify", "Verify the audit", data, crumb{"Audit", "/audit"})
}
