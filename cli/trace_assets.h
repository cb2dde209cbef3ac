/*
 * trace_assets.h - the style sheets and the script of pictures; embed.py makes strings of them as
 * fsock is built. Each has a hash, by which a Content-Security-Policy names it.
 */
#ifndef FSOCK_CLI_TRACE_ASSETS_H
#define FSOCK_CLI_TRACE_ASSETS_H

extern const char trace_colours_css[], trace_colours_css_hash[]; /* of bars, in both */
extern const char trace_svg_css[], trace_svg_css_hash[];
extern const char trace_html_css[], trace_html_css_hash[];
extern const char trace_html_js[], trace_html_js_hash[];

#endif
