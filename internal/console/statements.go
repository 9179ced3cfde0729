package console

import (
	"net/http"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// issuedPage shows a statement, which is shown this once.
type issuedPage struct {
	management.IssuedStatement
	App      management.Application
	Key      string
	File     string
	Commands []command
}

// issueStatement makes a new statement: as a file, or shown with what to do
// with it. The same form, sent again, gives the same one.
func issueStatement(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	app, err := v.Management.Application(v.ctx(), v.who, id)
	if err != nil {
		return err
	}
	call := v.call()
	if call.Key = v.value("key"); call.Key == "" { // as a file it is the same that was shown
		call.Key = newKey()
	}
	issued, err := v.Management.IssueStatement(v.ctx(), call, id)
	if err != nil {
		return err
	}
	if v.value("as") == "file" {
		v.w.Header().Set("Content-Type", "application/jwt")
		v.w.Header().Set("Content-Disposition", `attachment; filename="`+statementFile(app)+`"`)
		_, err := v.w.Write([]byte(issued.JWT))
		return err
	}
	data := issuedPage{IssuedStatement: issued, App: app, Key: call.Key, File: statementFile(app), Commands: v.commands(app, issued.JWT)}
	return v.showStatus(http.StatusCreated, "issued", "Software statement", data,
		crumb{"Applications", "/applications"}, crumb{app.Name + " " + app.Version, "/applications/" + id.String()})
}

// statementsPage shows what was issued lately, and judges a statement.
type statementsPage struct {
	Form       *form
	Lately     []audit.Entry
	Inspection *management.Inspection
}

// lately is how many acts the pages show that tell of the newest ones.
const lately = 15

func showStatements(v *visit) error {
	return v.showStatementsWith(statementsPage{Form: newForm(nil)})
}

func (v *visit) showStatementsWith(data statementsPage) error {
	status := http.StatusOK
	if len(data.Form.Faults) > 0 {
		status = http.StatusUnprocessableEntity
	}
	if v.ever(access.ShowAudit) {
		page, err := v.Management.AuditEntries(v.ctx(), v.who, management.AuditFilter{Operation: "statement"}, management.Part{Limit: lately})
		if err != nil {
			return err
		}
		data.Lately = page.Entries
	}
	return v.showStatus(status, "statements", "Statements", data)
}

func inspectStatement(v *visit) error {
	data := statementsPage{Form: v.typed()}
	inspection, err := v.Management.InspectStatement(v.ctx(), v.who, v.value("statement"))
	switch fault := faultOf(err); {
	case err == nil:
		data.Inspection = &inspection
	case fault.Code == management.Invalid:
		data.Form.blame(fault, map[string]string{"software_statement": "statement"}, "statement")
	default:
		return err
	}
	return v.showStatementsWith(data)
}
