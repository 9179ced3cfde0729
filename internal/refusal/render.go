package refusal

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

const (
	jsonType = "application/json;charset=UTF-8"
	xmlType  = "application/xml;charset=UTF-8"
)

// helpURL is where clients of the REST APIs find what the codes mean.
const helpURL = "https://experienceleague.adobe.com/docs/pass/authentication/auth-features/error-reportn/enhanced-error-codes.html"

// plainError is the body of RFC 6749 section 5.2.
type plainError struct {
	Error       oautherr.Code `json:"error"`
	Description string        `json:"error_description"`
}

// enhancedError is the top-level object of Adobe's Enhanced Error Codes.
type enhancedError struct {
	XMLName xml.Name      `json:"-" xml:"error"`
	Action  string        `json:"action" xml:"action"`
	Status  int           `json:"status" xml:"status"`
	Code    oautherr.Code `json:"code" xml:"code"`
	Message string        `json:"message" xml:"message"`
	Details string        `json:"details,omitempty" xml:"details,omitempty"`
	HelpURL string        `json:"helpUrl" xml:"helpUrl"`
	Trace   string        `json:"trace" xml:"trace"`
}

// render makes the body. The structs above cannot fail to encode.
func render(r *http.Request, style plugins.ErrorStyle, look look, ref Refusal) (contentType string, body []byte) {
	if style == plugins.OAuthJSON {
		body, _ = json.Marshal(plainError{look.code, ref.Reason.Message()})
		return jsonType, body
	}
	object := enhancedError{
		Action: look.action, Status: look.status, Code: look.code,
		Message: ref.Reason.Message(), Details: details(ref), HelpURL: helpURL, Trace: ref.Trace,
	}
	if style == plugins.EnhancedXML && wantsXML(r) {
		body, _ = xml.MarshalIndent(object, "", "  ")
		return xmlType, body
	}
	body, _ = json.Marshal(object)
	return jsonType, body
}

// details says which one it is, in words of the API's description.
func details(ref Refusal) string {
	switch {
	case ref.Reason == guard.ScopeMissing && len(ref.Scopes) > 0:
		return "One of these scopes is needed: " + strings.Join(ref.Scopes, " ")
	case ref.Reason == guard.ParameterMissing && ref.Missing != nil:
		return "The parameter is " + ref.Missing.Name + " in the " + string(ref.Missing.In)
	}
	return ""
}

// wantsXML follows REST API V1: the format parameter, the extension, and then
// the Accept header ask for a form. JSON is for those who do not care.
func wantsXML(r *http.Request) bool {
	if format, count := endpoint.LookupQuery(r.URL.RawQuery, "format"); count > 0 {
		return strings.EqualFold(format, "xml")
	}
	switch {
	case strings.HasSuffix(r.URL.Path, ".xml"):
		return true
	case strings.HasSuffix(r.URL.Path, ".json"):
		return false
	}
	return prefersXML(r.Header["Accept"])
}
