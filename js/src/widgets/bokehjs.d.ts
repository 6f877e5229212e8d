/** BokehJS as it is published for browsers: one module with a loader inside. */
declare module "@bokeh/bokehjs/build/js/bokeh.esm.min.js" {
  const Bokeh: { require(name: string): unknown };
  export default Bokeh;
}
