package console

import "html/template"

// shapes are the icons, drawn in a square of 16. A state never shows itself by
// colour alone: it has a shape and a word.
var shapes = map[string]string{
	"overview":    `<path d="M2 13V8h3v5zm5 0V3h3v10zm5 0V6h2.500v7z"/>`,
	"programmer":  `<path d="M2 14V4l6-2 6 2v10h-4v-3H6v3zm3-8v2h2V6zm4 0v2h2V6z"/>`,
	"channel":     `<path d="M2 4h12v8H2zm3 9h6v1.500H5zM3.500 5.500v5h9v-5z"/>`,
	"application": `<path d="M2 2h5v5H2zm7 0h5v5H9zM2 9h5v5H2zm7 2h5v1.500H9zm1.750-1.750h1.500v5h-1.500z"/>`,
	"statement":   `<path d="M3 1h7l3 3v11H3zm2 5v1.500h6V6zm0 3v1.500h6V9zm0 3v1.500h4V12z"/>`,
	"client":      `<path d="M4 1h8v14H4zm1.500 2v8.500h5V3zM7 12.500V14h2v-1.500z"/>`,
	"proxy":       `<path d="M1 7h4V4h6v3h4v2h-4v3H5V9H1zm5.500-1.500v5h3v-5z"/>`,
	"catalogue":   `<path d="M2 3h3v2H2zm5 0h7v2H7zM2 7h3v2H2zm5 0h7v2H7zm-5 4h3v2H2zm5 0h7v2H7z"/>`,
	"changes":     `<path d="M3 2h2v3h3v2H5v3H3V7H1V5h2zm6 9h6v2H9z"/>`,
	"audit":       `<path d="M8 1a7 7 0 1 0 7 7h-2A5 5 0 1 1 8 3zM7 4h2v4l3 2-1 1.700L7 9z"/>`,
	"refusal":     `<path d="M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1zm-.9 9.500v1.800h1.800v-1.800zm-1.600-4h1.700c0-.7.300-1 .9-1s.9.300.9.800c0 1-1.800 1-1.800 3.200h1.600c0-1.400 2-1.600 2-3.400C10.800 4.700 9.700 4 8.100 4 6.500 4 5.500 4.900 5.500 6.500z"/>`,
	"kill":        `<path d="M7 1h2v7H7zM4.600 3.300l1.200 1.600a4 4 0 1 0 4.400 0l1.200-1.600a6 6 0 1 1-6.800 0z"/>`,
	"key":         `<path d="M5 4a4 4 0 1 1-.01 8A4 4 0 0 1 5 4zm0 2.500a1.500 1.500 0 1 0 .01 3 1.500 1.500 0 0 0-.01-3zM9 7h6v2h-1v2h-2V9H9z"/>`,
	"route":       `<path d="M3 1.500a2 2 0 0 1 1 3.700V7h5a3 3 0 0 1 3 3v.800a2 2 0 1 1-2 0V10a1 1 0 0 0-1-1H4v1.800a2 2 0 1 1-2 0V5.200a2 2 0 0 1 1-3.700z"/>`,
	"live":        `<circle cx="8" cy="8" r="5"/>`,
	"stopped":     `<path d="M5.300 2h5.400L14 5.300v5.400L10.700 14H5.300L2 10.700V5.300zM5 7v2h6V7z"/>`,
	"draft":       `<path d="M8 1.500 14.500 8 8 14.500 1.500 8z"/>`,
	"info":        `<path d="M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1zm-1 6v5h2V7zm0-3v2h2V4z"/>`,
	"quiet":       `<path d="M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3zm0 1.800a3.200 3.200 0 1 0 0 6.400 3.200 3.200 0 0 0 0-6.400z"/>`,
	"file":        `<path d="M5 7V5a3 3 0 0 1 6 0v2h1.500v7h-9V7zm1.700 0h2.600V5a1.300 1.300 0 0 0-2.600 0z"/>`,
	"menu":        `<path d="M1.500 3h13v2h-13zm0 4h13v2h-13zm0 4h13v2h-13z"/>`,
	"close":       `<path d="m3.400 2 4.600 4.600L12.600 2 14 3.400 9.400 8l4.600 4.600-1.400 1.400L8 9.400 3.400 14 2 12.600 6.600 8 2 3.400z"/>`,
	"next":        `<path d="m6 2 6 6-6 6-1.400-1.400L9.200 8 4.600 3.400z"/>`,
	"copy":        `<path d="M5 1h9v10h-3v4H2V5h3zm1.500 4H11v4.500h1.500v-7h-6zm-3 1.500v7h6v-7z"/>`,
	"download":    `<path d="M7 1h2v7l2.500-2.500L13 7l-5 5-5-5 1.500-1.500L7 8zM2 13h12v2H2z"/>`,
}

// icon draws an icon, which says nothing to those who do not see it.
func icon(name string) template.HTML {
	//nolint:gosec // shapes are constants
	return template.HTML(`<svg class="icon icon-` + name + `" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">` + shapes[name] + `</svg>`)
}

// states are how things are shown to be: with an icon and a word.
var states = map[string]string{
	"live": "Live", "stopped": "Revoked", "draft": "Draft", "info": "Note", "quiet": "Implied", "file": "By configuration",
}

func stateText(state string) string { return states[state] }
