package profiles

import (
	"reflect"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// routeTable writes the routes as people read them in the docs.
func routeTable(routes []plugins.Route) string {
	var table strings.Builder
	table.WriteString("| Method | Path | Scope | Open | Throttled | Required | Channel or partner is named in |\n")
	table.WriteString("|---|---|---|---|---|---|---|\n")
	for len(routes) > 0 {
		route := routes[0]
		var extensions string
		routes = routes[1:]
		for len(routes) > 0 && isFormat(routes[0], route) {
			extensions += " `" + strings.TrimPrefix(routes[0].Path, route.Path) + "`"
			routes = routes[1:]
		}
		table.WriteString("| " + strings.Join([]string{
			strings.Join(route.Methods, ", "),
			"`" + route.Path + "`" + extensions,
			quoted(route.Scopes, " or "),
			openness(route),
			yesOrNo(route.Throttled),
			required(route.Required),
			entitled(route.Entitled),
		}, " | ") + " |\n")
	}
	return table.String()
}

// isFormat says whether the route is the other one but for an extension. Such
// routes share a row.
func isFormat(route, of plugins.Route) bool {
	extension, longer := strings.CutPrefix(route.Path, of.Path)
	route.Path = of.Path
	return longer && strings.HasPrefix(extension, ".") && reflect.DeepEqual(route, of)
}

func openness(route plugins.Route) string {
	switch {
	case route.Open:
		return "yes"
	case route.OpenWith != "":
		return "with `" + route.OpenWith + "`"
	default:
		return "no"
	}
}

func yesOrNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// required writes a parameter that is wanted in several places once: the client
// chooses the place.
func required(parameters []plugins.Parameter) string {
	var cells []string
	places := map[string]string{}
	for _, parameter := range parameters {
		if before, again := places[parameter.Name]; again {
			places[parameter.Name] = before + " or " + string(parameter.In)
		} else {
			places[parameter.Name] = string(parameter.In)
		}
	}
	for _, parameter := range parameters {
		place, left := places[parameter.Name]
		if !left {
			continue
		}
		delete(places, parameter.Name)
		cell := place + " `" + parameter.Name + "`"
		if parameter.Code != "" {
			cell += " (`" + parameter.Code + "`)"
		}
		cells = append(cells, cell)
	}
	return orDash(strings.Join(cells, ", "))
}

func entitled(locations []plugins.Location) string {
	var cells []string
	for _, location := range locations {
		cell := string(location.In) + " `" + location.Name + "`"
		if location.Names != plugins.NamesChannel {
			cell += " (" + strings.ReplaceAll(string(location.Names), "_", " ") + ")"
		}
		if location.Required {
			cell += ", must be named"
		}
		cells = append(cells, cell)
	}
	return orDash(strings.Join(cells, "; "))
}

func quoted(values []string, separator string) string {
	if len(values) == 0 {
		return "–"
	}
	return "`" + strings.Join(values, "`"+separator+"`") + "`"
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
