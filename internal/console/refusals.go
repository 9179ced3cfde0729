package console

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

// refusalPage asks what was refused, and says why.
type refusalPage struct {
	Form       *form
	CanTry     bool
	Methods    []option
	Results    []management.Explanation
	Judged     string
	Inspection *management.Inspection
}

var methods = []option{{Value: "GET", Text: "GET"}, {Value: "POST", Text: "POST"}, {Value: "PUT", Text: "PUT"}, {Value: "DELETE", Text: "DELETE"}}

func askRefusal(v *visit) error {
	return v.showRefusals(http.StatusOK, refusalPage{Form: newForm(url.Values{"method": {"GET"}})})
}

func (v *visit) showRefusals(status int, data refusalPage) error {
	data.CanTry, data.Methods = v.ever(access.TryOut), methods
	return v.showStatus(status, "refusals", "Why was I refused?", data)
}

func showRefusal(v *visit) error {
	trace, err := uuid.Parse(v.r.PathValue("trace"))
	if err != nil {
		return v.nothingHere()
	}
	x, err := v.Management.Explain(v.ctx(), v.who, trace)
	if err != nil {
		return err
	}
	data := refusalPage{Form: newForm(url.Values{"method": {"GET"}}), Results: []management.Explanation{x}}
	data.CanTry, data.Methods = v.ever(access.TryOut), methods
	return v.show("refusals", "Request "+short(trace), data, crumb{"Why was I refused?", "/refusals"})
}

// judge answers what was pasted. It stands in no address: it may be a token.
func judge(v *visit) error {
	data := refusalPage{Form: v.typed()}
	pasted := v.value("what")
	err := v.judged(&data, pasted)
	if err == nil && data.Results == nil && data.Inspection == nil {
		return nil // sent on to the page of a trace
	}
	status := http.StatusOK
	if err != nil {
		fault := faultOf(err)
		if fault.Code == management.Unavailable {
			return err
		}
		status = statuses[fault.Code]
		data.Form.blame(fault, map[string]string{"trace": "what", "token": "what", "software_statement": "what"}, "what", "path", "method")
	}
	// What was pasted may be a secret, and need not come back.
	data.Form.Values.Del("what")
	data.Form.Values.Del("token")
	return v.showRefusals(status, data)
}

func (v *visit) judged(data *refusalPage, pasted string) error {
	if v.value("path") != "" {
		trial, err := v.Management.TryRequest(v.ctx(), v.who, management.RequestTrial{
			Method: v.value("method"), Path: v.value("path"), Host: v.value("host"), Token: v.value("token"), From: v.value("from"),
		})
		data.Results, data.Judged = trial.Results, "request"
		return err
	}
	if trace, err := uuid.Parse(pasted); err == nil {
		if _, err := v.Management.Explain(v.ctx(), v.who, trace); err != nil {
			return err
		}
		return v.to("/refusals/"+trace.String(), "")
	}
	pasted = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(pasted, "Authorization:"), " Bearer"))
	pasted = strings.TrimSpace(strings.TrimPrefix(pasted, "Bearer "))
	switch {
	case pasted == "":
		return &management.Error{
			Code: management.Invalid, Field: "what", Message: "nothing was pasted",
			Hint: "a trace is in the header X-DCR-Trace of every refusal, and in the access log as dcr_trace",
		}
	case looksLikeStatement(pasted):
		return v.judgeStatement(data, pasted)
	default:
		data.Judged = "token"
		trial, err := v.Management.TryToken(v.ctx(), v.who, pasted)
		if e := faultOf(err); err != nil && e.Code == management.Forbidden {
			return &management.Error{
				Code: management.Forbidden, Field: "what", Message: "it is neither a trace nor a software statement, and tokens are judged for operators alone",
				Hint: "paste the trace of the refused request",
			}
		}
		data.Results = trial.Results
		return err
	}
}

func (v *visit) judgeStatement(data *refusalPage, pasted string) error {
	data.Judged = "statement"
	if !v.ever(access.TryOut) {
		inspection, err := v.Management.InspectStatement(v.ctx(), v.who, pasted)
		if err == nil {
			data.Inspection = &inspection
		}
		return err
	}
	trial, err := v.Management.TryStatement(v.ctx(), v.who, management.StatementTrial{Statement: pasted})
	data.Results = trial.Results
	return err
}

// looksLikeStatement says that a text is more like a software statement than
// like an access token, which always ends some time, and says its type.
func looksLikeStatement(text string) bool {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return false
	}
	var header struct{ Typ string }
	var claims map[string]any
	if !decoded(parts[0], &header) || !decoded(parts[1], &claims) {
		return false
	}
	_, ends := claims["exp"]
	_, scoped := claims["scopes"]
	return !strings.EqualFold(header.Typ, "at+jwt") && !ends && !scoped
}

func decoded(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}
