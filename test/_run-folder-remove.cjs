module.exports = () => globalThis.removeRunFolder();
